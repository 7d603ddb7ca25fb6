/* What watching costs, counted since this instance began. Any thread, any lock: relaxed atomics. */
#ifndef HEAP_PERISCOPE_AGENT_COST_H
#define HEAP_PERISCOPE_AGENT_COST_H

#include <stddef.h>
#include <stdint.h>

enum agent_cost_counter {
    COST_GVL_NS,      /* the agent's work with the GVL held */
    COST_TURN_CPU_NS, /* processor time of the same */
    COST_THREAD_CPU_NS,
    COST_SNAPSHOTS,
    COST_SNAPSHOTS_SKIPPED,
    COST_CENSUSES,
    COST_CENSUSES_INCOMPLETE,
    COST_GC_REPORTS,
    COST_DATAGRAMS_SENT,
    COST_BYTES_SENT,
    COST_DATAGRAMS_DROPPED,
    COST_DATAGRAMS_REFUSED,
    COST_OVERSIZED_PARTS,
    COST_ENTRIES_DROPPED,
    COST_NAMES_TRUNCATED,
    COST_FAILURES,
    COST_WINDOWS,
    COST_COUNTERS
};

struct agent_cost {
    uint64_t counters[COST_COUNTERS];
    double
        core_share; /* of one core, since the cost before it was taken for a report; negative: not known yet */
};

void agent_cost_add(enum agent_cost_counter counter, uint64_t amount);

/* All counters. `core_share` compares with the last copy that was made `for_report`. */
void agent_cost_copy(struct agent_cost *cost, int for_report);

/* In a forked child. */
void agent_cost_reset(void);

#endif
