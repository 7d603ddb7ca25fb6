/* Decides how often windows open, how long they are and how often a stack is taken, so that sampling costs no more than its
 * share of a core.
 *
 * Length: by what the program needs to be seen truly. Jobs run at safepoints only, and a burst of allocations in C has none
 * inside, so a window must be longer than the bursts met, and long enough to see some thousands of objects. The budget
 * never shortens it: it sets the gap between windows and the share of stacks. Longer kinds are tried beside it: window_kinds.h.
 *
 * Pure: no Ruby API, no clock, no allocation. Under the GVL. */
#ifndef HEAP_PERISCOPE_SAMPLING_GOVERNOR_H
#define HEAP_PERISCOPE_SAMPLING_GOVERNOR_H

#include "sampling/window_kinds.h"

#include <stdbool.h>
#include <stdint.h>

/* What came to pass since the call before. */
struct sampling_facts {
    uint64_t elapsed_ns;
    uint64_t process_cpu_ns;
    uint64_t allocated;   /* by the process */
    uint64_t seen;        /* objects that went through the hook */
    uint64_t stacks;      /* of them with a stack */
    uint64_t stack_ns;    /* what one stack takes, or 0: not measured this time */
    uint64_t latency_ns;  /* processor time the process used between a trigger and its job */
    uint64_t overhead_ns; /* processor time of jobs, surveys and the timer thread */
    unsigned kind;        /* of the window that was closed or passed over */
    double spread;        /* what it leaves uncertain: window_kinds_note */
};

struct sampling_governor {
    double budget;    /* share of one core */
    double object_ns; /* calibrated: what the hook adds to one allocation, the VM's dispatch included */
    double stack_ns;

    /* the plan */
    struct window_kinds kinds;
    uint64_t cap;       /* mean of the number of objects after which the hook ends a window by itself */
    double stack_every; /* a stack for one object in this many */
    bool fixed;         /* the plan stays as it is: for specs */
    bool backing_off;   /* even the widest gap costs too much */

    /* what it rests on */
    double overhead_ns; /* of it: neither objects nor stacks */
    double stack_share; /* of the cost */
    double objects_per_cpu_ns;
    /* Length of a burst: one that is met at a random moment has half of itself before it. Not the longest, which would as a rule be
     * a collection. */
    double burst_ns;
    double largest_window;      /* decaying maximum of `seen` */
    double balance_ns;          /* budget saved up, or overdrawn */
    double cost_ns, elapsed_ns; /* decaying sums, for `sampling_governor_share` */
};

void sampling_governor_init(struct sampling_governor *governor, double budget, double object_ns);

void sampling_governor_note(struct sampling_governor *governor, const struct sampling_facts *facts);

/* A stack for one object in how many, in a window of this length: all of it gets its share of the memory there is. */
double sampling_governor_stack_every(const struct sampling_governor *governor, uint64_t length_ns);

/* Share of one core that sampling took lately. */
double sampling_governor_share(const struct sampling_governor *governor);

#endif
