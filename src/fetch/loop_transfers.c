/*
 * The transfers of a loop: which entry may start, and what becomes of one that
 * has ended or must be put back.
 */
#include "loop_parts.h"

#include "protocol.h"
#include "resolver.h"
#include "throttle.h"
#include "transfer.h"

#include "fetchgrep/base/clock.h"

enum {
    FIRST_BYTES = 8 << 10, /* room that a transfer starts with */
    CROWDED_MS = 500, /* a host whose address has too many waiting already */
};

/* ---- open transfers --------------------------------------------------- */

static void link_newest(struct loop *loop, struct transfer *transfer)
{
    transfer->older = loop->newest;
    transfer->newer = NULL;
    if (loop->newest)
        loop->newest->newer = transfer;
    else
        loop->oldest = transfer;
    loop->newest = transfer;
    loop->open++;
    loop->unsized++;
    atomic_fetch_add_explicit(&loop->fetcher->open, 1, memory_order_relaxed);
}

static void unlink_transfer(struct loop *loop, struct transfer *transfer)
{
    if (transfer->older)
        transfer->older->newer = transfer->newer;
    else
        loop->oldest = transfer->newer;
    if (transfer->newer)
        transfer->newer->older = transfer->older;
    else
        loop->newest = transfer->older;
    loop->open--;
    if (!transfer->is_sized)
        loop->unsized--;
    atomic_fetch_sub_explicit(&loop->fetcher->open, 1, memory_order_relaxed);
}

static void keep_spare(struct loop *loop, struct transfer *transfer)
{
    transfer->next = loop->spare;
    loop->spare = transfer;
}

static void unlink_dropped(struct loop *loop, struct transfer *transfer)
{
    struct transfer **at = &loop->dropped;
    while (*at && *at != transfer)
        at = &(*at)->next;
    if (*at)
        *at = transfer->next;
}

static void remove_handle(struct loop *loop, struct transfer *transfer)
{
    curl_multi_remove_handle(transfer->multi, transfer->easy);
    if (transfer->multi == loop->old.multi)
        loop->old.open--;
    transfer->multi = NULL;
}

/* Takes it out of libcurl and sends its entry back. */
static void put_back(struct loop *loop, struct transfer *transfer)
{
    struct fetcher *fetcher = loop->fetcher;
    struct entry *entry = transfer->entry;
    bool has_answered = transfer_has_answered(transfer);
    remove_handle(loop, transfer);
    if (transfer->is_dropped)
        unlink_dropped(loop, transfer);
    unlink_transfer(loop, transfer);
    transfer_undo(transfer);
    keep_spare(loop, transfer);
    atomic_fetch_add_explicit(&fetcher->put_back, 1, memory_order_relaxed);
    resolver_leave(fetcher->resolver, entry, false);
    fetcher->hooks.put_back(fetcher->hooks.ctx, entry, has_answered, 0);
}

void loop_put_back_dropped(struct loop *loop)
{
    while (loop->dropped)
        put_back(loop, loop->dropped);
}

static void note_size(struct loop *loop, const struct page *page)
{
    size_t size = page->head_size + page->body_size;
    loop->expected_bytes = (loop->expected_bytes * 15 + size) / 16;
}

void loop_deliver(struct loop *loop)
{
    const struct fetch_hooks *hooks = &loop->fetcher->hooks;
    if (loop->finished_count)
        hooks->deliver(hooks->ctx, loop->finished, loop->finished_count);
    loop->finished_count = 0;
}

static void hand_on(struct loop *loop, struct entry *entry, bool has_answered)
{
    const struct fetch_hooks *hooks = &loop->fetcher->hooks;
    if (!hooks->finish(hooks->ctx, entry, has_answered))
        return;
    loop->finished[loop->finished_count++] = entry;
    if (loop->finished_count == LOOP_BATCH)
        loop_deliver(loop);
}

/* Over: its entry goes on. */
void loop_finish(struct loop *loop, struct transfer *transfer, CURLcode code)
{
    struct fetcher *fetcher = loop->fetcher;
    if (transfer->stop == STOP_NO_ROOM ||
        (transfer->stop == STOP_NO_ADDRESS && transfer->is_connected) ||
        protocol_is_worn_out(transfer, code) ||
        protocol_met_leftovers(transfer, code)) {
        put_back(loop, transfer);
        return;
    }
    struct entry *entry = transfer->entry;
    bool has_answered = transfer_has_answered(transfer);
    bool was_unreachable = !transfer->is_connected;
    transfer_end(transfer, code);
    resolver_leave(fetcher->resolver, entry, was_unreachable);
    remove_handle(loop, transfer);
    unlink_transfer(loop, transfer);
    keep_spare(loop, transfer);
    if (has_answered)
        note_size(loop, entry->page);
    atomic_fetch_add_explicit(&fetcher->received_bytes,
                              entry->page->head_size + entry->page->body_size,
                              memory_order_relaxed);
    hand_on(loop, entry, has_answered);
}
/* ---- starting --------------------------------------------------------- */

/* Room for a transfer's first bytes. Entries of unknown length are let in only
 * while the pool could hold what the open ones are expected to become: a page
 * that must be dropped later was fetched in vain. */
static bool admit(struct loop *loop, const struct entry *entry,
                  struct extent *ret_bytes)
{
    struct page_pool *pool = loop->fetcher->pool;
    size_t size =
        entry->need_bytes > FIRST_BYTES ? entry->need_bytes : FIRST_BYTES;
    if (!loop->open && (page_pool_get(pool, size, ret_bytes) ||
                        page_pool_get_reserve(pool, ret_bytes)))
        return true;
    if (!entry->need_bytes &&
        page_pool_room(pool) < (size_t)loop->unsized * loop->expected_bytes +
                                   size + loop->expected_bytes) {
        page_pool_want(pool);
        return false;
    }
    return page_pool_get(pool, size, ret_bytes);
}

static struct transfer *take_spare(struct loop *loop, struct error *err)
{
    struct transfer *transfer = loop->spare;
    if (!transfer)
        return transfer_new(loop, err);
    loop->spare = transfer->next;
    return transfer;
}

/* Behind a proxy no socket shows where a request leads: a literal address is
 * judged before it is sent. */
static const char *refused_behind_proxy(const struct loop *loop,
                                        const struct entry *entry)
{
    const struct fetch_options *options = loop->fetcher->options;
    return options->proxy ? address_rule_refuses_literal(options->address_rule,
                                                         entry->target.host)
                          : NULL;
}

static bool start(struct loop *loop, struct entry *entry, struct extent *bytes,
                  struct error *err)
{
    struct transfer *transfer = take_spare(loop, err);
    if (!transfer)
        return false;
    if (!transfer_begin(transfer, entry, bytes, err)) {
        keep_spare(loop, transfer);
        return false;
    }
    link_newest(loop, transfer);
    transfer->multi = loop->multi;
    CURLMcode code = curl_multi_add_handle(loop->multi, transfer->easy);
    if (!code)
        return true;
    unlink_transfer(loop, transfer);
    transfer_undo(transfer);
    keep_spare(loop, transfer);
    return error_set(err, ERR_SYSTEM, "cannot start a transfer: %s",
                     curl_multi_strerror(code));
}

/* An entry that has no place in libcurl yet. */
static void put_back_taken(struct loop *loop, struct entry *entry,
                           int64_t hold_ns)
{
    const struct fetcher *fetcher = loop->fetcher;
    resolver_leave(fetcher->resolver, entry, false);
    fetcher->hooks.put_back(fetcher->hooks.ctx, entry, false, hold_ns);
}

/* Starts the pending entry. False: not now (or `error` is set). */
static bool start_pending(struct loop *loop)
{
    struct entry *entry = loop->pending;
    struct extent bytes = { 0 };
    const char *refused = refused_behind_proxy(loop, entry);
    if (refused) {
        loop->pending = NULL;
        resolver_leave(loop->fetcher->resolver, entry, false);
        entry_end(entry, OUTCOME_DENIED,
                  "%.*s is a %s (--allow-private allows it)",
                  VIEW_ARG(entry->target.host), refused);
        hand_on(loop, entry, false);
        return true;
    }
    if (!admit(loop, entry, &bytes))
        return false;
    if (!start(loop, entry, &bytes, &loop->error)) {
        page_pool_put(loop->fetcher->pool, &bytes);
        return false;
    }
    loop->pending = NULL;
    return true;
}

/* An entry whose name is known, or to be asked for: those that come back from
 * the resolver first. */
static enum fetch_take_result take_resolved(struct loop *loop,
                                            struct entry **ret_entry,
                                            enum resolver_result *ret_result)
{
    const struct fetch_hooks *hooks = &loop->fetcher->hooks;
    struct resolver *resolver = loop->fetcher->resolver;
    *ret_result = resolver_take(resolver, ret_entry);
    if (*ret_result != RESOLVER_NONE)
        return FETCH_TAKE_ENTRY;
    if (!resolver_has_room(resolver))
        return FETCH_TAKE_WAIT;
    enum fetch_take_result result =
        hooks->take(hooks->ctx, ret_entry, &loop->take_due_ns);
    if (result == FETCH_TAKE_ENTRY)
        *ret_result = resolver_ask(resolver, *ret_entry);
    return result;
}

/* The next entry that may start becomes the pending one. Not without end: there
 * may be very many that have no address. */
static enum fetch_take_result take_next(struct loop *loop)
{
    for (int i = 0; i < LOOP_BATCH; i++) {
        struct entry *entry;
        enum resolver_result resolved;
        enum fetch_take_result result = take_resolved(loop, &entry, &resolved);
        if (result != FETCH_TAKE_ENTRY)
            return result;
        if (resolved == RESOLVER_KNOWN) {
            loop->pending = entry;
            return FETCH_TAKE_ENTRY;
        }
        if (resolved == RESOLVER_OVER)
            hand_on(loop, entry, false);
        else if (resolved == RESOLVER_CROWDED)
            put_back_taken(loop, entry, CROWDED_MS * CLOCK_NS_PER_MS);
    }
    loop->take_due_ns = loop->now_ns;
    return FETCH_TAKE_WAIT;
}

/* Tops the open transfers up. True when nothing will ever come any more. */
bool loop_top_up(struct loop *loop)
{
    loop->take_due_ns = 0;
    if (!loop_renew_multi(loop, &loop->error))
        return false;
    while (loop->open < loop->limit && loop->error.code == ERR_NONE &&
           !throttle_due_ns(loop)) {
        /* Said before asking, so that no wake-up in between is lost. */
        atomic_store(&loop->is_starving, true);
        if (!loop->pending) {
            switch (take_next(loop)) {
            case FETCH_TAKE_ENTRY:
                break;
            case FETCH_TAKE_WAIT:
                return false;
            case FETCH_TAKE_END:
            default:
                return true;
            }
        }
        if (!start_pending(loop))
            return false;
        /* Several that start at once could be answered at once. */
        if (loop->fetcher->options->max_rate)
            loop_handle_timer(loop);
    }
    return false;
}

void loop_put_back_all(struct loop *loop)
{
    while (loop->newest)
        put_back(loop, loop->newest);
    if (loop->pending) {
        struct entry *entry = loop->pending;
        loop->pending = NULL;
        put_back_taken(loop, entry, 0);
    }
}
