/*
 * queue.h - the bounded queue between the stages and the team: pointers, many
 * producers, many consumers.
 *
 * What bounds a run's memory is the page pool; this bound only keeps lists of
 * small things short. Producers that must never wait (a network thread, whose
 * items are bounded by the pool) use queue_push_over.
 *
 * Thread rule: all functions but new and free may be called from any thread.
 */
#ifndef FETCHGREP_BASE_QUEUE_H
#define FETCHGREP_BASE_QUEUE_H

#include "fetchgrep/base/error.h"

#include <stddef.h>

struct queue;

/* `capacity` items at most by queue_push. NULL without memory. */
struct queue *queue_new(size_t capacity);

/* Items still inside are not touched: drain it first. */
void queue_free(struct queue *queue);

/* Waits for room. False when the queue is closed: the item stays yours. */
bool queue_push(struct queue *queue, void *item) MUST_CHECK;

/* Never waits, goes beyond the capacity: all `count` items under one lock. Says
 * how many it took: fewer when closed or without memory, the rest stays yours.
 */
size_t queue_push_over(struct queue *queue, void *const *items,
                       size_t count) MUST_CHECK;

/* Never waits: the item is taken before all others. False when closed or
 * without memory: it stays yours. */
bool queue_push_first(struct queue *queue, void *item) MUST_CHECK;

/* Waits until there is something, takes up to `max` items but no more than a
 * fair share of what is there for `consumers` takers. Returns 0 only when the
 * queue is closed and empty. */
size_t queue_take(struct queue *queue, void **ret_items, size_t max,
                  size_t consumers);

/* The same without waiting: 0 also when it is empty at the moment. */
size_t queue_try_take(struct queue *queue, void **ret_items, size_t max,
                      size_t consumers);

/* No more pushes; what is inside can still be taken. */
void queue_close(struct queue *queue);

#endif
