/* Takes the censuses that spans ask for, one at a time, the way the reporter takes its own: in slices, through turns under the
 * GVL. Owned by the reporter thread; every function is called without the GVL unless it says otherwise. */
#ifndef HEAP_PERISCOPE_SPAN_CENSUS_RUNNER_H
#define HEAP_PERISCOPE_SPAN_CENSUS_RUNNER_H

#include "heap/census_runner.h"

struct span_census_runner {
    struct census_runner runner;
    struct census_result result;
};

/* Does what is due: begins a census that is wanted unless `hold`, takes its next slice, hands its findings over. */
void span_census_runner_work(struct span_census_runner *spans, uint64_t now_ns, uint64_t slice_ns, bool hold);

/* When to call it next (monotonic), UINT64_MAX: when a census is wanted. */
uint64_t span_census_runner_due(const struct span_census_runner *spans, bool hold);

/* Forgets a census that is under way. GVL. */
void span_census_runner_abandon(struct span_census_runner *spans);

#endif
