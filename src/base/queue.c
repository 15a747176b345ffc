#include "fetchgrep/base/queue.h"

#include <pthread.h>

enum { FIRST_ROOM = 64 };

struct queue {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    void **items; /* a ring */
    size_t room;  /* of the ring, a power of two */
    size_t first, count;
    size_t capacity; /* what queue_push keeps to */
    size_t waiting_takers;
    bool is_closed;
};

struct queue *queue_new(size_t capacity)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    void **items = calloc(FIRST_ROOM, sizeof(*items));
    if (!queue || !items) {
        free(queue);
        free(items);
        return NULL;
    }
    queue->items = items;
    queue->room = FIRST_ROOM;
    queue->capacity = capacity;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->not_empty, NULL);
    pthread_cond_init(&queue->not_full, NULL);
    return queue;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    pthread_cond_destroy(&queue->not_full);
    pthread_cond_destroy(&queue->not_empty);
    pthread_mutex_destroy(&queue->lock);
    free(queue->items);
    free(queue);
}

static bool widen(struct queue *queue)
{
    void **items = calloc(queue->room * 2, sizeof(*items));
    if (!items)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        items[i] = queue->items[(queue->first + i) & (queue->room - 1)];
    free(queue->items);
    queue->items = items;
    queue->first = 0;
    queue->room *= 2;
    return true;
}

static bool put_locked(struct queue *queue, void *item)
{
    if (queue->is_closed || (queue->count == queue->room && !widen(queue)))
        return false;
    queue->items[(queue->first + queue->count) & (queue->room - 1)] = item;
    queue->count++;
    return true;
}

/* A taker is woken only when one waits: most pushes find them all busy. */
static void unlock_and_wake(struct queue *queue, size_t item_count)
{
    size_t wake =
        item_count < queue->waiting_takers ? item_count : queue->waiting_takers;
    pthread_mutex_unlock(&queue->lock);
    if (wake > 1)
        pthread_cond_broadcast(&queue->not_empty);
    else if (wake)
        pthread_cond_signal(&queue->not_empty);
}

bool queue_push(struct queue *queue, void *item)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->is_closed && queue->count >= queue->capacity)
        pthread_cond_wait(&queue->not_full, &queue->lock);
    bool done = put_locked(queue, item);
    unlock_and_wake(queue, done);
    return done;
}

size_t queue_push_over(struct queue *queue, void *const *items, size_t count)
{
    size_t taken = 0;
    pthread_mutex_lock(&queue->lock);
    while (taken < count && put_locked(queue, items[taken]))
        taken++;
    unlock_and_wake(queue, taken);
    return taken;
}

bool queue_push_first(struct queue *queue, void *item)
{
    pthread_mutex_lock(&queue->lock);
    bool done =
        !queue->is_closed && (queue->count < queue->room || widen(queue));
    if (done) {
        queue->first = (queue->first - 1) & (queue->room - 1);
        queue->items[queue->first] = item;
        queue->count++;
    }
    unlock_and_wake(queue, done);
    return done;
}

static size_t take_locked(struct queue *queue, void **ret_items, size_t max,
                          size_t consumers)
{
    size_t share = (queue->count + consumers - 1) / consumers;
    size_t taken = share < max ? share : max;
    bool was_full = queue->count >= queue->capacity;
    for (size_t i = 0; i < taken; i++)
        ret_items[i] = queue->items[(queue->first + i) & (queue->room - 1)];
    queue->first = (queue->first + taken) & (queue->room - 1);
    queue->count -= taken;
    if (was_full && queue->count < queue->capacity)
        pthread_cond_broadcast(&queue->not_full);
    return taken;
}

size_t queue_take(struct queue *queue, void **ret_items, size_t max,
                  size_t consumers)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->count && !queue->is_closed) {
        queue->waiting_takers++;
        pthread_cond_wait(&queue->not_empty, &queue->lock);
        queue->waiting_takers--;
    }
    size_t taken = take_locked(queue, ret_items, max, consumers);
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

size_t queue_try_take(struct queue *queue, void **ret_items, size_t max,
                      size_t consumers)
{
    pthread_mutex_lock(&queue->lock);
    size_t taken = take_locked(queue, ret_items, max, consumers);
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_cond_broadcast(&queue->not_full);
    pthread_mutex_unlock(&queue->lock);
}
