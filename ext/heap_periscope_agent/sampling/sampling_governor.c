#include "sampling/sampling_governor.h"

#define MS 1e6

/* Of the budget: what is planned with. The rest is for what cannot be measured from inside: caches that a window leaves cold, a hook
 * that is slower in the midst of a program than in the loop that calibrates it, the collector's marking. benchmark/sampling.rb
 * measures what it comes to. */
#define PLANNED_SHARE 0.5

#define GAP_MIN_NS    (4 * MS)
#define GAP_MAX_NS    (10e3 * MS)
#define LENGTH_MIN_NS (0.25 * MS)
#define LENGTH_MAX_NS (40 * MS)
/* A window should see this many objects, and last twice as long as a burst. */
#define OBJECTS_WANTED 2000.0
#define BURSTS_WANTED  2.0

#define CAP_MIN 100000.0
#define CAP_MAX 4e6

#define STACK_EVERY_FIRST 256.0
#define STACK_EVERY_MIN   16.0
#define STACK_EVERY_MAX   65536.0
/* Bounds for the share of the cost that stacks make up. */
#define STACKS_TOO_DEAR   0.2
#define STACKS_CHEAP      0.1
#define STACKS_PER_WINDOW 256.0

/* A stack that took so much longer than the others was interrupted: it counts as no more than this. */
#define STACK_OUTLIER 4.0

/* Nor does a single wait for the job count as more than so many expected ones: while a program starts, or the machine stands still, one
 * can be so long that windows would be too long, and so too few, for half a minute. */
#define WAIT_OUTLIER 4.0

/* A debt is paid over this many windows: stretches of very different lengths would make the estimates less certain. */
#define PAYMENTS 16.0

#define SMOOTHING  0.06
#define FORGETTING 0.985
/* What may be saved up while the process is idle, and how long a debt is remembered. */
#define SAVINGS_NS (1000 * MS)

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static double blend(double old, double recent)
{
    return old + SMOOTHING * (recent - old);
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void plan_length(struct sampling_governor *governor)
{
    double for_objects =
        governor->objects_per_cpu_ns > 0 ? OBJECTS_WANTED / governor->objects_per_cpu_ns : LENGTH_MAX_NS;
    double for_bursts = BURSTS_WANTED * governor->burst_ns;
    double length = larger(clamp(for_objects, LENGTH_MIN_NS, LENGTH_MAX_NS / 2), for_bursts);
    window_kinds_plan_lengths(&governor->kinds, clamp(length, LENGTH_MIN_NS, LENGTH_MAX_NS));
    governor->cap = (uint64_t)clamp(4.0 * governor->largest_window, CAP_MIN, CAP_MAX);
}

static void plan_stacks(struct sampling_governor *governor)
{
    if (governor->stack_share > STACKS_TOO_DEAR) governor->stack_every *= 1.1;
    if (governor->stack_share < STACKS_CHEAP) governor->stack_every /= 1.05;
    governor->stack_every = clamp(governor->stack_every, STACK_EVERY_MIN, STACK_EVERY_MAX);
}

double sampling_governor_stack_every(const struct sampling_governor *governor, uint64_t length_ns)
{
    if (governor->fixed) return governor->stack_every;
    double expected = governor->objects_per_cpu_ns * (double)length_ns;
    return larger(governor->stack_every, expected / STACKS_PER_WINDOW);
}

static double expected_cost_ns(const struct sampling_governor *governor, const struct window_kind *kind)
{
    double seen = governor->objects_per_cpu_ns * (double)kind->length_ns;
    return governor->overhead_ns + seen * (governor->object_ns + governor->stack_ns / governor->stack_every);
}

static void plan_gaps(struct sampling_governor *governor)
{
    double allowed = governor->budget * PLANNED_SHARE;
    double debt_ns = governor->balance_ns < 0 ? -governor->balance_ns / governor->budget / PAYMENTS : 0;
    for (unsigned i = 0; i < WINDOW_KINDS; i++) {
        struct window_kind *kind = &governor->kinds.kinds[i];
        double cost_ns = window_kinds_cost_ns(&governor->kinds, i, expected_cost_ns(governor, kind));
        double gap_ns = cost_ns / allowed + debt_ns;
        double least_ns = larger(GAP_MIN_NS, 2.0 * (double)kind->length_ns);
        if (!i) governor->backing_off = gap_ns > GAP_MAX_NS;
        kind->gap_ns = (uint64_t)clamp(gap_ns, least_ns, governor->backing_off ? 6 * GAP_MAX_NS : GAP_MAX_NS);
    }
    window_kinds_plan_chances(&governor->kinds);
}

void sampling_governor_init(struct sampling_governor *governor, double budget, double object_ns)
{
    *governor = (struct sampling_governor){
        .budget = budget,
        .object_ns = object_ns,
        .stack_ns = 3000,
        .stack_every = STACK_EVERY_FIRST,
        .overhead_ns = 0.05 * MS,
        .objects_per_cpu_ns = 0.01,
        .stack_share = (STACKS_CHEAP + STACKS_TOO_DEAR) / 2,
    };
    plan_length(governor);
    plan_gaps(governor);
}

void sampling_governor_note(struct sampling_governor *governor, const struct sampling_facts *facts)
{
    if (facts->stack_ns) {
        double stack_ns = clamp((double)facts->stack_ns, 0, STACK_OUTLIER * governor->stack_ns);
        governor->stack_ns = blend(governor->stack_ns, stack_ns);
    }
    double stacks_ns = (double)facts->stacks * governor->stack_ns;
    double cost_ns = (double)facts->seen * governor->object_ns + stacks_ns + (double)facts->overhead_ns;

    window_kinds_note(&governor->kinds, facts->kind, cost_ns, facts->spread);
    governor->overhead_ns = blend(governor->overhead_ns, (double)facts->overhead_ns);
    if (cost_ns > 0) governor->stack_share = blend(governor->stack_share, stacks_ns / cost_ns);
    if (facts->process_cpu_ns > 0) {
        double rate = (double)facts->allocated / (double)facts->process_cpu_ns;
        governor->objects_per_cpu_ns = blend(governor->objects_per_cpu_ns, rate);
    }
    double longest_ns = WAIT_OUTLIER * (governor->burst_ns + LENGTH_MIN_NS);
    governor->burst_ns = blend(governor->burst_ns, 2.0 * clamp((double)facts->latency_ns, 0, longest_ns));
    governor->largest_window = larger(governor->largest_window * FORGETTING, (double)facts->seen);
    governor->balance_ns += (double)facts->elapsed_ns * governor->budget - cost_ns;
    if (governor->balance_ns > SAVINGS_NS * governor->budget)
        governor->balance_ns = SAVINGS_NS * governor->budget;
    governor->cost_ns = governor->cost_ns * FORGETTING + cost_ns;
    governor->elapsed_ns = governor->elapsed_ns * FORGETTING + (double)facts->elapsed_ns;

    if (governor->fixed) return;
    plan_length(governor);
    plan_stacks(governor);
    plan_gaps(governor);
}

double sampling_governor_share(const struct sampling_governor *governor)
{
    return governor->elapsed_ns > 0 ? governor->cost_ns / governor->elapsed_ns : 0;
}
