/* Drives one census at a time through turns under the GVL: when the next slice is due, when to wait for the collector, when to
 * stop waiting. Owned by the reporter thread; every function is called without the GVL. */
#ifndef HEAP_PERISCOPE_CENSUS_RUNNER_H
#define HEAP_PERISCOPE_CENSUS_RUNNER_H

#include "heap/heap_census.h"
#include "vm/gvl_turn.h"

struct census_runner {
    bool active;
    struct heap_census *census; /* NULL before the first step, and where there was no memory for it */
    gvl_turn_work at_end;
    void *at_end_argument;
    bool by_class, bytes;
    uint64_t slice_ns;
    uint64_t due_ns; /* when to call `step` next */
    uint64_t began_ns;
    uint64_t deadline_ns;  /* then the census ends as it is */
    uint64_t pace_ns;      /* from `began_ns`: when it should be through, so that it may wait until then */
    uint64_t gate_from_ns; /* since when the next slice has been waiting for the collector, or 0 */
    uint64_t allocated_at_gate; /* objects, at the latest look */
    double progress;            /* 0.0–1.0 */
    double step_share;          /* what the latest slice added to it */
    bool done;
};

/* Plans a census that should be done `within_ns` from now and begins with the first step. `at_end` is called with `argument` in
 * the same turn in which the census ends, complete or out of time: there it takes what it needs with `census_runner_finish`. A
 * turn of its own for that may be long in coming. */
void census_runner_begin(struct census_runner *runner, bool by_class, bool bytes, uint64_t slice_ns,
                         uint64_t within_ns, gvl_turn_work at_end, void *argument);

bool census_runner_active_p(const struct census_runner *runner);

/* One turn. True when the census is over. */
bool census_runner_step(struct census_runner *runner);

/* Inside `at_end` (GVL): moves the findings into `result`. */
void census_runner_finish(struct census_runner *runner, struct census_result *result);

#endif
