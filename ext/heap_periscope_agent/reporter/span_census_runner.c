#include "reporter/span_census_runner.h"

#include "base/agent_cost.h"
#include "base/clock.h"
#include "spans/span_census.h"
#include "vm/gvl_turn.h"

#include <string.h>

/* A census that takes longer says little about the call it was taken after. */
#define WITHIN_NS (UINT64_C(30) * 1000000000u)

static void finish(void *argument)
{
    struct span_census_runner *spans = argument;
    census_runner_finish(&spans->runner, &spans->result);
}

static void deliver(void *argument)
{
    struct span_census_runner *spans = argument;
    span_census_deliver(&spans->result);
}

static void end_census(struct span_census_runner *spans)
{
    uint64_t cpu_ns = thread_cpu_ns();
    census_result_sort(&spans->result);
    spans->result.cost.gvl_ns += thread_cpu_ns() - cpu_ns; /* it takes no GVL, but a core */
    gvl_turn_run(deliver, spans);
    agent_cost_add(COST_CENSUSES, 1);
    if (!spans->result.complete) agent_cost_add(COST_CENSUSES_INCOMPLETE, 1);
    census_result_free(&spans->result);
}

void span_census_runner_work(struct span_census_runner *spans, uint64_t now_ns, uint64_t slice_ns, bool hold)
{
    if (!census_runner_active_p(&spans->runner)) {
        if (hold || !span_census_wanted()) return;
        census_runner_begin(&spans->runner, true, true, slice_ns, WITHIN_NS, finish, spans);
    }
    if (now_ns >= spans->runner.due_ns && census_runner_step(&spans->runner)) end_census(spans);
}

uint64_t span_census_runner_due(const struct span_census_runner *spans, bool hold)
{
    if (census_runner_active_p(&spans->runner)) return spans->runner.due_ns;
    return !hold && span_census_wanted() ? 0 : UINT64_MAX;
}

void span_census_runner_abandon(struct span_census_runner *spans)
{
    if (spans->runner.census) heap_census_abandon(spans->runner.census);
    memset(spans, 0, sizeof *spans);
}
