#include "sampling/window_kinds.h"

#define LENGTH_FACTOR     4.0
#define LENGTH_LONGEST_NS 100e6
#define FORGETTING        0.985
/* A kind is judged after this many windows. */
#define WINDOWS_WANTED 4.0
/* What was expected of the cost counts as much as this many windows. */
#define EXPECTED_COUNTS 2.0
/* Time for each kind that is not the best, against that for the best: so much, over how many times less certain it is. What
 * trying costs is then the same for all. */
#define TRIED_SHARE 0.05
#define TRIED_LEAST 0.002

void window_kinds_plan_lengths(struct window_kinds *kinds, double shortest_ns)
{
    double length_ns = shortest_ns;
    for (unsigned i = 0; i < WINDOW_KINDS; i++, length_ns *= LENGTH_FACTOR) {
        if (length_ns > LENGTH_LONGEST_NS && i) length_ns = LENGTH_LONGEST_NS;
        kinds->kinds[i].length_ns = (uint64_t)length_ns;
    }
}

void window_kinds_note(struct window_kinds *kinds, unsigned number, double cost_ns, double spread)
{
    struct window_kind *kind = &kinds->kinds[number];
    kind->windows = kind->windows * FORGETTING + 1;
    kind->cost_ns = kind->cost_ns * FORGETTING + cost_ns;
    kind->spread = kind->spread * FORGETTING + spread;
}

double window_kinds_cost_ns(const struct window_kinds *kinds, unsigned number, double expected_ns)
{
    const struct window_kind *kind = &kinds->kinds[number];
    return (kind->cost_ns + EXPECTED_COUNTS * expected_ns) / (kind->windows + EXPECTED_COUNTS);
}

/* Variance that a second of windows of this kind adds to the sums; its price is in its gap. */
static double uncertainty(const struct window_kind *kind)
{
    return kind->spread / kind->windows * (double)kind->gap_ns;
}

unsigned window_kinds_best(const struct window_kinds *kinds)
{
    unsigned best = 0;
    for (unsigned i = 1; i < WINDOW_KINDS; i++) {
        if (kinds->kinds[i].windows < WINDOWS_WANTED || kinds->kinds[best].windows < WINDOWS_WANTED) continue;
        if (uncertainty(&kinds->kinds[i]) < uncertainty(&kinds->kinds[best])) best = i;
    }
    return best;
}

static double time_for(const struct window_kinds *kinds, unsigned number, unsigned best)
{
    const struct window_kind *kind = &kinds->kinds[number];
    if (number == best || kind->windows < WINDOWS_WANTED) return 1;
    double worse = uncertainty(kind), least = uncertainty(&kinds->kinds[best]);
    double share = worse > least ? TRIED_SHARE * least / worse : TRIED_SHARE;
    return share > TRIED_LEAST ? share : TRIED_LEAST;
}

void window_kinds_plan_chances(struct window_kinds *kinds)
{
    unsigned best = window_kinds_best(kinds);
    double share[WINDOW_KINDS], sum = 0;
    for (unsigned i = 0; i < WINDOW_KINDS; i++) {
        share[i] = time_for(kinds, i, best) / (double)kinds->kinds[i].gap_ns;
        sum += share[i];
    }
    for (unsigned i = 0; i < WINDOW_KINDS; i++)
        kinds->kinds[i].chance = share[i] / sum;
}
