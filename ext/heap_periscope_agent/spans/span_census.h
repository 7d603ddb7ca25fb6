/*
 * The living objects after a call of a span: asks for a census when it is a name's turn, and keeps what it found.
 *
 * The end of a call offers it (span_census_offer). When that makes a census due, the reporter is woken; it takes the census
 * as it takes its own, in slices, and hands the findings over (span_census_deliver).
 */
#ifndef HEAP_PERISCOPE_SPAN_CENSUS_H
#define HEAP_PERISCOPE_SPAN_CENSUS_H

#include "heap/census_result.h"
#include "spans/span_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What wakes the reporter. Once; NULL: nobody takes censuses, so none is asked for. GVL. */
void span_census_set_waker(void (*wake)(void));

/* Share of one core that these censuses may cost, and how many classes are kept of each. GVL. */
void span_census_configure(double budget, size_t classes);

/* A call of `entry` ended at `now_ns` (monotonic). Costs next to nothing unless its turn has come. GVL. */
void span_census_offer(struct span_entry *entry, uint64_t now_ns);

/* Whether a census is asked for and not delivered yet. Any thread. */
bool span_census_wanted(void);

/*
 * The findings, sorted (census_result_sort), and what they cost; a census that did not come to its end leaves the
 * living objects of the name as they were. Copies what it keeps. GVL.
 */
void span_census_deliver(const struct census_result *result);

/* Forgets what was asked for: nobody takes it any more. GVL. */
void span_census_reset(void);

#endif
