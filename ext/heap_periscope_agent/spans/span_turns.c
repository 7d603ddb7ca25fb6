/*
 * Turns of span names at the census; see span_turns.h.
 */
#include "spans/span_turns.h"

#include <stddef.h>

#define MILLISECOND     1000000ull
#define PATIENCE_NS     (250 * MILLISECOND)
#define SHORTEST_GAP_NS (20 * MILLISECOND)
/*
 * What a census costs the program by the time it takes itself: a walk over the heap also leaves the processor's caches full of
 * other things, and every slice interrupts the program. benchmark/spans.rb measured 3.5 (2.3 to 4.9) at a million objects. Twice
 * that, so that spans and their censuses together stay below the budget on a machine that is slower at it, too.
 */
#define WHOLE_COST 7.0

static double budget;
static struct span_entry *holder;  /* has its census now */
static struct span_entry *awaited; /* has the turn with its next call */
static uint64_t awaited_until_ns;
static uint64_t due_ns;      /* no census before */
static uint64_t previous_ns; /* when the turn before began */

void span_turns_set_budget(double share)
{
    budget = share;
}

/* The name measured longest ago among those called since the turn before. */
static struct span_entry *longest_waiting(void)
{
    struct span_entry *longest = NULL;

    for (size_t i = 0; i < span_table_size(); i++) {
        struct span_entry *entry = span_table_at(i);
        if (entry->last_called_ns == 0 || entry->last_called_ns < previous_ns) continue;
        if (!longest || entry->last_measured_ns < longest->last_measured_ns) longest = entry;
    }
    return longest;
}

bool span_turns_take(struct span_entry *entry, uint64_t now_ns)
{
    if (holder || now_ns < due_ns) return false;
    if (!awaited) {
        awaited = longest_waiting();
        awaited_until_ns = now_ns + PATIENCE_NS;
    }
    if (awaited && awaited != entry && now_ns < awaited_until_ns) return false;

    holder = entry;
    awaited = NULL;
    previous_ns = now_ns;
    entry->last_measured_ns = now_ns;
    return true;
}

struct span_entry *span_turns_holder(void)
{
    return holder;
}

void span_turns_finish(uint64_t now_ns, uint64_t spent_ns)
{
    uint64_t gap_ns = (uint64_t)((double)spent_ns * WHOLE_COST / budget);

    holder = NULL;
    due_ns = now_ns + (gap_ns > SHORTEST_GAP_NS ? gap_ns : SHORTEST_GAP_NS);
}

void span_turns_reset(void)
{
    holder = NULL;
    awaited = NULL;
    due_ns = 0;
    previous_ns = 0;
}
