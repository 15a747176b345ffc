#include "fetchgrep/base/pace.h"

void pace_init(struct pace *pace, double ns_per_unit, int64_t credit_ns)
{
    pace->ns_per_unit = ns_per_unit;
    pace->credit_ns = credit_ns;
    /* Nothing was taken yet, and no credit is given for that. */
    atomic_init(&pace->paid_ns, INT64_MIN);
}

int64_t pace_due_ns(struct pace *pace, int64_t now_ns)
{
    int64_t paid_ns =
        atomic_load_explicit(&pace->paid_ns, memory_order_relaxed);
    return paid_ns > now_ns ? paid_ns : now_ns;
}

void pace_take(struct pace *pace, uint64_t count, int64_t now_ns)
{
    if (!(pace->ns_per_unit > 0))
        return;
    int64_t price_ns = (int64_t)((double)count * pace->ns_per_unit + 0.5);
    int64_t paid_ns =
        atomic_load_explicit(&pace->paid_ns, memory_order_relaxed);
    int64_t from_ns;
    do {
        from_ns = paid_ns == INT64_MIN ? now_ns
                  : paid_ns < now_ns - pace->credit_ns
                      ? now_ns - pace->credit_ns
                      : paid_ns;
    } while (!atomic_compare_exchange_weak_explicit(
        &pace->paid_ns, &paid_ns, from_ns + price_ns, memory_order_relaxed,
        memory_order_relaxed));
}
