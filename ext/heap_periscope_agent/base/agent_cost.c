#include "base/agent_cost.h"

#include "base/clock.h"

#include <stdatomic.h>

static _Atomic uint64_t counters[COST_COUNTERS];
static _Atomic uint64_t share_taken_ns, share_cpu_ns;

void agent_cost_add(enum agent_cost_counter counter, uint64_t amount)
{
    atomic_fetch_add_explicit(&counters[counter], amount, memory_order_relaxed);
}

static uint64_t counted(enum agent_cost_counter counter)
{
    return atomic_load_explicit(&counters[counter], memory_order_relaxed);
}

void agent_cost_copy(struct agent_cost *cost, int for_report)
{
    for (int i = 0; i < COST_COUNTERS; i++)
        cost->counters[i] = counted((enum agent_cost_counter)i);

    uint64_t now_ns = monotonic_ns(),
             cpu_ns = cost->counters[COST_TURN_CPU_NS] + cost->counters[COST_THREAD_CPU_NS];
    uint64_t since_ns = atomic_load(&share_taken_ns);
    cost->core_share = since_ns && now_ns > since_ns && cpu_ns >= atomic_load(&share_cpu_ns)
                           ? (double)(cpu_ns - atomic_load(&share_cpu_ns)) / (double)(now_ns - since_ns)
                           : -1.0;
    if (!for_report) return;
    atomic_store(&share_taken_ns, now_ns);
    atomic_store(&share_cpu_ns, cpu_ns);
}

void agent_cost_reset(void)
{
    for (int i = 0; i < COST_COUNTERS; i++)
        atomic_store(&counters[i], 0);
    atomic_store(&share_taken_ns, 0);
    atomic_store(&share_cpu_ns, 0);
}
