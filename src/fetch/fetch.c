#include "fetchgrep/fetch/fetch.h"

#include "cookies.h"
#include "loop.h"
#include "request.h"
#include "resolver.h"
#include "throttle.h"

#include "fetchgrep/base/clock.h"

/* libcurl counts how often it was initialized. */
static bool init_libcurl(struct error *err)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    return !code || error_set(err, ERR_SYSTEM, "cannot start libcurl: %s",
                              curl_easy_strerror(code));
}

void fetch_free(struct fetcher *fetcher)
{
    if (!fetcher)
        return;
    for (uint32_t i = 0; i < fetcher->running_count; i++)
        loop_release(&fetcher->loops[i]);
    resolver_free(fetcher->resolver);
    curl_slist_free_all(fetcher->headers);
    cookie_jar_free(fetcher->cookies);
    free(fetcher->loops);
    free(fetcher);
}

static bool start_loop(struct fetcher *fetcher, uint32_t index,
                       struct error *err)
{
    const struct fetch_options *options = fetcher->options;
    uint32_t count = fetcher->loop_count;
    uint32_t limit =
        options->concurrency / count + (index < options->concurrency % count);
    struct loop *loop = &fetcher->loops[index];
    if (!loop_init(loop, fetcher, limit, err))
        return false;
    int code = pthread_create(&loop->thread, NULL, loop_run, loop);
    if (code) {
        loop_release(loop);
        return error_set_errno(err, ERR_SYSTEM, code,
                               "cannot start a fetch thread");
    }
    fetcher->running_count++;
    return true;
}

static void wake_loops(void *fetcher)
{
    fetch_wake(fetcher);
}

static bool make_cookies(struct fetcher *fetcher, struct error *err)
{
    fetcher->cookies =
        cookie_jar_new(COOKIES_MEMORY, (uint64_t)clock_now_ns(), err);
    return fetcher->cookies != NULL;
}

struct fetcher *fetch_start(const struct fetch_options *options,
                            const struct fetch_hooks *hooks,
                            struct page_pool *pool, struct error *err)
{
    if (!init_libcurl(err))
        return NULL;
    struct fetcher *fetcher = calloc(1, sizeof(*fetcher));
    struct loop *loops = calloc(options->loop_count, sizeof(*loops));
    if (!fetcher || !loops) {
        free(fetcher);
        free(loops);
        error_no_memory(err, "the event loops");
        return NULL;
    }
    fetcher->options = options;
    fetcher->hooks = *hooks;
    fetcher->pool = pool;
    throttle_init(fetcher);
    fetcher->loops = loops;
    fetcher->loop_count = options->loop_count;
    fetcher->resolver = resolver_new(options, wake_loops, fetcher, err);
    if (!fetcher->resolver ||
        !request_headers(options, &fetcher->headers, err) ||
        (options->has_cookies && !make_cookies(fetcher, err))) {
        fetch_join(fetcher);
        fetch_free(fetcher);
        return NULL;
    }
    for (uint32_t i = 0; i < options->loop_count; i++) {
        if (!start_loop(fetcher, i, err)) {
            fetch_stop(fetcher, 0);
            fetch_join(fetcher);
            fetch_free(fetcher);
            return NULL;
        }
    }
    return fetcher;
}

void fetch_wake(struct fetcher *fetcher)
{
    for (uint32_t i = 0; i < fetcher->loop_count; i++)
        loop_wake(&fetcher->loops[i]);
}

void fetch_stop(struct fetcher *fetcher, int64_t grace_ms)
{
    atomic_store(&fetcher->stop_at_ns,
                 clock_now_ns() + grace_ms * CLOCK_NS_PER_MS);
    resolver_stop(fetcher->resolver);
    for (uint32_t i = 0; i < fetcher->running_count; i++) {
        atomic_store(&fetcher->loops[i].is_starving, true);
        loop_wake(&fetcher->loops[i]);
    }
}

/* Nobody will take what the resolver still has. */
static void empty_resolver(struct fetcher *fetcher)
{
    const struct fetch_hooks *hooks = &fetcher->hooks;
    struct entry *entry;
    resolver_join(fetcher->resolver);
    while ((entry = resolver_drain(fetcher->resolver)) != NULL) {
        resolver_leave(fetcher->resolver, entry, false);
        if (entry->outcome == OUTCOME_OK)
            hooks->put_back(hooks->ctx, entry, false, 0);
        else if (hooks->finish(hooks->ctx, entry, false))
            hooks->deliver(hooks->ctx, &entry, 1);
    }
}

void fetch_join(struct fetcher *fetcher)
{
    for (uint32_t i = 0; i < fetcher->running_count; i++)
        pthread_join(fetcher->loops[i].thread, NULL);
    if (fetcher->resolver)
        empty_resolver(fetcher);
}

struct fetch_counts fetch_counts(struct fetcher *fetcher)
{
    return (struct fetch_counts){
        .open = atomic_load(&fetcher->open),
        .received_bytes = atomic_load(&fetcher->received_bytes),
        .put_back = atomic_load(&fetcher->put_back),
    };
}

int64_t fetch_last_byte_ns(struct fetcher *fetcher)
{
    int64_t last_ns = 0;
    for (uint32_t i = 0; i < fetcher->loop_count; i++) {
        int64_t ns = atomic_load(&fetcher->loops[i].last_byte_ns);
        last_ns = ns > last_ns ? ns : last_ns;
    }
    return last_ns;
}

bool fetch_resolves_names(const struct fetch_options *options)
{
    return resolver_is_used(options);
}

uint64_t fetch_descriptors(uint32_t concurrency)
{
    /* A socket a transfer, as many kept connections; epoll, wake-ups, and two
     * sockets for each name server. */
    return (uint64_t)concurrency * 2 + 64;
}
