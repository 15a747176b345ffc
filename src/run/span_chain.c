/*
 * A link is a part that has been handed out. It goes through these states:
 *
 *   its beginning is not known     its blocks are held
 *   known, and its reader agrees   what was held is passed on, and whatever
 *                                  comes
 *   known, and it does not agree   what was held is dropped, the part is handed
 *                                  out again; blocks of the earlier attempt
 *                                  that still come are dropped
 *   known to lie behind its end    nothing of it stands, it ends at once
 *
 * and when it ends, its reader's end is the beginning of the next. Blocks are
 * passed on outside of the lock: their order among each other means nothing.
 */
#include "span_chain.h"

#include "span_settle.h"

#include <assert.h>
#include <pthread.h>

struct held_block {
    struct block *block;
    struct held_block *next;
};

struct link {
    struct span *span; /* a copy of what was handed out last */
    bool is_known;     /* where it begins: */
    uint64_t beginning;
    bool is_confirmed; /* its reader began there */
    bool is_given_up;  /* what it finds is dropped */
    bool has_begun;    /* its reader has said where: */
    uint64_t start;
    bool has_ended; /* and where the next part begins: */
    uint64_t next;
    uint64_t page_count;
    struct held_block *held;
    size_t held_bytes;
    struct link *following; /* in the list of links */
};

struct span_chain {
    struct span_chain_options options;
    pthread_mutex_t lock; /* guards all below; taken before that of the ids */
    pthread_cond_t changed;
    struct link *links;
    size_t link_count;
    size_t held_bytes;
    uint64_t last_number; /* handed out last */
    uint64_t last_next;   /* where it ended, once it has */
    bool is_stopped;
};

/* What a change of the chain leads to, done outside of the lock. */
struct effects {
    struct held_block *blocks;
    struct span *redo;
};

struct span_chain *span_chain_new(const struct span_chain_options *options,
                                  struct error *err)
{
    struct span_chain *chain = calloc(1, sizeof(*chain));
    if (!chain) {
        error_no_memory(err, "the spans of archives");
        return NULL;
    }
    chain->options = *options;
    pthread_mutex_init(&chain->lock, NULL);
    pthread_cond_init(&chain->changed, NULL);
    return chain;
}

static void free_blocks(struct held_block *held)
{
    while (held) {
        struct held_block *next = held->next;
        block_free(held->block);
        free(held);
        held = next;
    }
}

static void free_link(struct link *link)
{
    if (!link)
        return;
    free_blocks(link->held);
    span_free(link->span);
    free(link);
}

void span_chain_free(struct span_chain *chain)
{
    if (!chain)
        return;
    while (chain->links) {
        struct link *following = chain->links->following;
        free_link(chain->links);
        chain->links = following;
    }
    pthread_cond_destroy(&chain->changed);
    pthread_mutex_destroy(&chain->lock);
    free(chain);
}

/* ---- passing results on ----------------------------------------------- */

/* Lines that cannot be changed are put right when all is read. */
static bool needs_settling(struct span_chain *chain, const struct block *block)
{
    if (chain->options.can_settle || !block->entry_count)
        return span_settle_is_due(chain->options.ids, block);
    span_ids_leave(chain->options.ids, block->entries[0].id);
    return false;
}

static bool pass_on(struct span_chain *chain, const struct block *block,
                    struct error *err)
{
    if (!needs_settling(chain, block))
        return chain->options.append(chain->options.ctx, block, err);
    struct block *copy = block_clone(block);
    if (!copy)
        return error_no_memory(err, "results");
    bool done = span_settle(chain->options.ids, copy,
                            chain->options.has_plain_ids, err) &&
                chain->options.append(chain->options.ctx, copy, err);
    block_free(copy);
    return done;
}

static bool carry_out(struct span_chain *chain, struct effects *effects,
                      struct error *err)
{
    bool done = true;
    for (struct held_block *at = effects->blocks; at && done; at = at->next)
        done = pass_on(chain, at->block, err);
    free_blocks(effects->blocks);
    if (effects->redo)
        done =
            chain->options.redo(chain->options.ctx, effects->redo, err) && done;
    return done;
}

/* ---- links ------------------------------------------------------------ */

static struct link *find(const struct span_chain *chain, uint64_t number)
{
    struct link *link = chain->links;
    while (link && link->span->warcs_before != number)
        link = link->following;
    return link;
}

static void drop_held(struct span_chain *chain, struct link *link)
{
    free_blocks(link->held);
    chain->held_bytes -= link->held_bytes;
    link->held = NULL;
    link->held_bytes = 0;
}

/* The end of a list: what came first goes first. */
static struct held_block **end_of(struct held_block **list)
{
    while (*list)
        list = &(*list)->next;
    return list;
}

static void release_held(struct span_chain *chain, struct link *link,
                         struct effects *effects)
{
    *end_of(&effects->blocks) = link->held;
    link->held = NULL;
    chain->held_bytes -= link->held_bytes;
    link->held_bytes = 0;
}

static bool hold(struct span_chain *chain, struct link *link,
                 const struct block *block, struct error *err)
{
    size_t size = block_size(block) +
                  block->entry_count * sizeof(*block->entries) +
                  block->page_count * sizeof(*block->pages);
    if (link->is_given_up ||
        size > chain->options.held_max - chain->held_bytes) {
        link->is_given_up = true;
        drop_held(chain, link);
        return true;
    }
    struct held_block *held = calloc(1, sizeof(*held));
    struct block *copy = held ? block_clone(block) : NULL;
    if (!copy) {
        free(held);
        return error_no_memory(err, "results");
    }
    held->block = copy;
    *end_of(&link->held) = held;
    link->held_bytes += size;
    chain->held_bytes += size;
    return true;
}

/* The part is read again, from where it is known to begin. */
static bool begin_again(struct span_chain *chain, struct link *link,
                        struct effects *effects, struct error *err)
{
    drop_held(chain, link);
    link->is_given_up = link->has_begun = link->has_ended = false;
    link->is_confirmed = true;
    link->span->attempt++;
    link->span->part.from = link->beginning;
    link->span->part.is_exact = true;
    effects->redo = span_clone(link->span);
    return effects->redo || error_no_memory(err, "a span");
}

/* A link that has ended leaves the chain. */
static bool take_out(struct span_chain *chain, struct link *link,
                     struct error *err)
{
    struct link **at = &chain->links;
    while (*at != link)
        at = &(*at)->following;
    *at = link->following;
    chain->link_count--;
    drop_held(chain, link);
    if (link->span->warcs_before == chain->last_number)
        chain->last_next = link->next;
    pthread_cond_broadcast(&chain->changed);
    return span_ids_end(chain->options.ids, link->span, link->page_count, err);
}

/* Whether the part's results wait for the part before it. */
static bool has_predecessor(const struct span_chain *chain,
                            const struct span *span)
{
    return span->goes_on ||
           (chain->options.must_be_final && span->warcs_before > 0);
}

/* One step of a link; `ret_has_ended` when it is over. */
static bool step(struct span_chain *chain, struct link *link,
                 struct effects *effects, bool *ret_has_ended,
                 struct error *err)
{
    *ret_has_ended = false;
    if (!link->is_known)
        return true;
    if (link->beginning >= link->span->part.end) {
        link->next = link->beginning;
        link->page_count = 0;
        *ret_has_ended = true;
        return true;
    }
    if (!link->is_confirmed) {
        if (link->is_given_up ||
            (link->has_begun && link->start != link->beginning))
            return begin_again(chain, link, effects, err);
        if (!link->has_begun)
            return true;
        link->is_confirmed = true;
        release_held(chain, link, effects);
    }
    *ret_has_ended = link->has_ended;
    return true;
}

/* From this link on, as far as it leads. */
static bool advance(struct span_chain *chain, struct link *link,
                    struct effects *effects, struct error *err)
{
    bool has_ended = false, done = true;
    while (link && (done = step(chain, link, effects, &has_ended, err)) &&
           has_ended) {
        struct link *next = find(chain, link->span->warcs_before + 1);
        assert(next != link);
        done = take_out(chain, link, err);
        if (next && has_predecessor(chain, next->span)) {
            next->is_known = true;
            next->beginning = next->span->goes_on ? link->next : 0;
        } else {
            next = NULL;
        }
        free_link(link);
        if (!done)
            break;
        link = next;
    }
    return done;
}

/* ---- handing spans out ------------------------------------------------ */

static bool has_room(const struct span_chain *chain)
{
    if (chain->is_stopped || !chain->link_count)
        return true;
    bool must_be_alone =
        chain->options.must_be_final && !chain->options.can_settle;
    return !must_be_alone && chain->link_count < chain->options.open_max &&
           chain->held_bytes <= chain->options.held_max / 2;
}

static void know_beginning(struct span_chain *chain, struct link *link)
{
    struct span *span = link->span;
    if (has_predecessor(chain, span) && find(chain, span->warcs_before - 1))
        return;
    link->is_known = link->is_confirmed = true;
    if (span->goes_on)
        span->part.from = chain->last_next;
    span->part.is_exact = true;
    link->beginning = span->part.from;
}

static struct link *new_link(const struct span *span)
{
    struct link *link = calloc(1, sizeof(*link));
    if (link)
        link->span = span_clone(span);
    if (link && link->span)
        return link;
    free(link);
    return NULL;
}

static bool admit_part(struct span_chain *chain, struct span *span,
                       struct error *err)
{
    struct link *link = new_link(span);
    if (!link)
        return error_no_memory(err, "a span");
    pthread_mutex_lock(&chain->lock);
    while (!has_room(chain))
        pthread_cond_wait(&chain->changed, &chain->lock);
    bool done = !chain->is_stopped ||
                error_set(err, ERR_SYSTEM, "reading was given up");
    done = done && span_ids_announce(chain->options.ids, span,
                                     &link->span->first_id, err);
    if (done) {
        know_beginning(chain, link);
        span->part = link->span->part;
        span->first_id = link->span->first_id;
        link->following = chain->links;
        chain->links = link;
        chain->link_count++;
        chain->last_number = span->warcs_before;
    }
    pthread_mutex_unlock(&chain->lock);
    if (!done)
        free_link(link);
    return done;
}

bool span_chain_admit(struct span_chain *chain, struct span *span,
                      struct error *err)
{
    switch (span->kind) {
    case SPAN_FILES:
        return span_ids_begin(chain->options.ids, span, &span->first_id, err);
    case SPAN_WARC:
        return admit_part(chain, span, err);
    case SPAN_RECORDS:
    default:
        return true;
    }
}

void span_chain_wait(struct span_chain *chain)
{
    pthread_mutex_lock(&chain->lock);
    while (chain->link_count && !chain->is_stopped)
        pthread_cond_wait(&chain->changed, &chain->lock);
    pthread_mutex_unlock(&chain->lock);
}

void span_chain_stop(struct span_chain *chain)
{
    pthread_mutex_lock(&chain->lock);
    chain->is_stopped = true;
    pthread_cond_broadcast(&chain->changed);
    pthread_mutex_unlock(&chain->lock);
    span_ids_abort(chain->options.ids);
}

/* ---- results ---------------------------------------------------------- */

/* A block of a part; `ret_stands` when it can be passed on. */
static bool take_block(struct span_chain *chain, struct link *link,
                       const struct block *block, struct effects *effects,
                       bool *ret_stands, struct error *err)
{
    const struct block_span *says = &block->span;
    link->has_begun = true;
    link->start = says->start;
    if (says->is_end) {
        link->has_ended = true;
        link->next = says->next;
        link->page_count = says->page_count;
    }
    assert(!link->is_confirmed || link->start == link->beginning);
    *ret_stands = link->is_confirmed;
    return (*ret_stands || hold(chain, link, block, err)) &&
           advance(chain, link, effects, err);
}

bool span_chain_deliver(struct span_chain *chain, const struct block *block,
                        struct error *err)
{
    struct effects effects = { 0 };
    bool done = true, stands = !block->span.is_set;
    if (block->span.is_set) {
        pthread_mutex_lock(&chain->lock);
        struct link *link = find(chain, block->span.number);
        if (link && link->span->attempt == block->span.attempt)
            done = take_block(chain, link, block, &effects, &stands, err);
        pthread_mutex_unlock(&chain->lock);
    }
    if (done && stands)
        done = pass_on(chain, block, err);
    struct error later;
    return carry_out(chain, &effects, done ? err : &later) && done;
}
