/*
 * Whose turn it is to have the living objects counted after a call. Pure: no Ruby API, no clock of its own.
 *
 * One census at a time; the gap after it is long enough for its cost to stay within the budget. When a census is due,
 * the turn goes to the name that was measured longest ago among those called since the census before, and
 * waits a while for its next call; then it goes to whatever call ends.
 * Callers: under the GVL.
 */
#ifndef HEAP_PERISCOPE_SPAN_TURNS_H
#define HEAP_PERISCOPE_SPAN_TURNS_H

#include <stdbool.h>
#include <stdint.h>
#include "spans/span_table.h"

/* Share of one core that censuses may cost, (0, 1]; takes effect with the next census. */
void span_turns_set_budget(double share);

/* Whether the call of `entry` that ended at `now_ns` gets the census; true begins its turn. */
bool span_turns_take(struct span_entry *entry, uint64_t now_ns);

/* The entry whose turn it is, or NULL between two turns. */
struct span_entry *span_turns_holder(void);

/* Ends the turn at `now_ns`, after a census that cost `spent_ns` of a core. */
void span_turns_finish(uint64_t now_ns, uint64_t spent_ns);

/* No turn under way and none to wait for. */
void span_turns_reset(void);

#endif
