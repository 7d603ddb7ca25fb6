#include "heap/census_runner.h"

#include "base/clock.h"
#include "gc/gc_stats.h"
#include "vm/gvl_turn.h"
#include "vm/ractor_watch.h"

#include <string.h>

/* Between two slices in a busy process: a slice of 1 ms then takes a tenth of the time, for as long as a census lasts. */
#define BUSY_GAP_NS MS_TO_NS(9)
/* The same for a census that is late: a program that spends its time in long C calls has few safepoints, and those near each
 * other. */
#define LATE_GAP_NS MS_TO_NS(0.2)
/* An idle process loses nothing by slices in a row, but one that is about to wake should not have to wait. */
#define IDLE_GAP_NS MS_TO_NS(0.2)
/* Between two looks at a collector that is at work. */
#define GATE_POLL_NS MS_TO_NS(4)
/* The longest a slice waits for the collector. */
#define GATE_MAX_NS MS_TO_NS(2000)
/* A census should be through after this share of the time it has, and after this time in any case. */
#define PACE_SHARE  0.4
#define PACE_MAX_NS MS_TO_NS(4000)

static void ask_for_ractors(void *unused)
{
    (void)unused;
    ractor_watch_ask();
}

void census_runner_begin(struct census_runner *runner, bool by_class, bool bytes, uint64_t slice_ns,
                         uint64_t within_ns, gvl_turn_work at_end, void *argument)
{
    memset(runner, 0, sizeof *runner);
    runner->by_class = by_class;
    runner->bytes = bytes;
    runner->slice_ns = slice_ns;
    runner->at_end = at_end;
    runner->at_end_argument = argument;
    if (!ractor_watch_alone_p()) gvl_turn_in_person(ask_for_ractors, NULL);
    runner->began_ns = runner->due_ns = monotonic_ns();
    runner->deadline_ns = runner->began_ns + within_ns;
    runner->pace_ns = (uint64_t)((double)within_ns * PACE_SHARE);
    if (runner->pace_ns > PACE_MAX_NS) runner->pace_ns = PACE_MAX_NS;
    runner->step_share = 0.1;
    runner->active = true;
}

bool census_runner_active_p(const struct census_runner *runner)
{
    return runner->active;
}

/* Late is a census whose next slice should be over by now. */
static bool late(const struct census_runner *runner, uint64_t now_ns)
{
    double wanted = (double)(now_ns - runner->began_ns) / (double)runner->pace_ns;
    return wanted > runner->progress + runner->step_share;
}

/* A collection that is under way would have to be finished by the walk: better wait until the program has done so itself.
 * Where nothing is allocated nobody will ever finish it, and nobody is delayed either. */
static bool wait_for_collector(struct census_runner *runner, uint64_t now_ns)
{
    if (!heap_census_collection_pending() || late(runner, now_ns)) return false;

    uint64_t allocated = gc_total_allocated_objects();
    bool first_look = !runner->gate_from_ns;
    bool stands_still = !first_look && allocated == runner->allocated_at_gate;
    if (first_look) runner->gate_from_ns = now_ns;
    runner->allocated_at_gate = allocated;
    return !stands_still && now_ns - runner->gate_from_ns < GATE_MAX_NS;
}

/* Walks on, unless the slice should wait. */
static void walk(struct census_runner *runner)
{
    uint64_t now_ns = monotonic_ns();
    if (!runner->census) runner->census = heap_census_begin(runner->by_class, runner->bytes);
    if (!runner->census || now_ns >= runner->deadline_ns) {
        runner->done = true;
        return;
    }
    if (wait_for_collector(runner, now_ns)) {
        runner->due_ns = now_ns + GATE_POLL_NS;
        return;
    }
    runner->gate_from_ns = 0;
    runner->due_ns = 0; /* set later, when it is known whether the process is busy */
    runner->done = heap_census_step(runner->census, runner->slice_ns);

    double progress = heap_census_progress(runner->census);
    if (progress > runner->progress) runner->step_share = progress - runner->progress;
    runner->progress = progress;
}

static void take_turn(void *argument)
{
    struct census_runner *runner = argument;
    walk(runner);
    if (runner->done) runner->at_end(runner->at_end_argument);
}

bool census_runner_step(struct census_runner *runner)
{
    gvl_turn_run(take_turn, runner);
    if (runner->done) {
        runner->active = false;
        return true;
    }
    if (runner->due_ns) return false;

    uint64_t now_ns = monotonic_ns();
    uint64_t gap_ns = !gvl_turn_busy() ? IDLE_GAP_NS : late(runner, now_ns) ? LATE_GAP_NS : BUSY_GAP_NS;
    runner->due_ns = now_ns + gap_ns;
    return false;
}

void census_runner_finish(struct census_runner *runner, struct census_result *result)
{
    if (runner->census) heap_census_finish(runner->census, result);
    runner->census = NULL;
}
