/* Lengths of windows, and which of them pay.
 *
 * How long a window should be depends on the rhythm of the program. Where it repeats itself quickly, one that sees several rounds
 * tells more for its price than many that each see a part; where it works in long phases, many short ones do. Neither is known
 * beforehand, so windows of several kinds are drawn, and most of the time is given to the kind whose windows leave the shares
 * least uncertain for the same money. The choice rests on the past alone, so that every kind stays a fair sample.
 *
 * Pure: no Ruby API, no clock, no allocation. Under the GVL. */
#ifndef HEAP_PERISCOPE_WINDOW_KINDS_H
#define HEAP_PERISCOPE_WINDOW_KINDS_H

#include <stdint.h>

#define WINDOW_KINDS 3

struct window_kind {
    uint64_t length_ns; /* mean length of a window */
    uint64_t gap_ns;    /* mean length of the stretch one window stands for */
    double chance;      /* that the next window is one of these */
    /* decaying sums over its windows */
    double windows, cost_ns, spread;
};

struct window_kinds {
    struct window_kind kinds[WINDOW_KINDS]; /* the shortest first */
};

/* Lengths for windows of which the shortest must last `shortest_ns`. */
void window_kinds_plan_lengths(struct window_kinds *kinds, double shortest_ns);

/* A window of this kind was closed or passed over. `spread`: Σ over groups of (x - share × y)², over the square of the stretch. */
void window_kinds_note(struct window_kinds *kinds, unsigned kind, double cost_ns, double spread);

/* What a window of this kind costs; `expected_ns` is what it should, for as long as little is known. */
double window_kinds_cost_ns(const struct window_kinds *kinds, unsigned kind, double expected_ns);

/* Chances, once lengths and gaps are planned. */
void window_kinds_plan_chances(struct window_kinds *kinds);

/* The kind that gets most of the time. */
unsigned window_kinds_best(const struct window_kinds *kinds);

#endif
