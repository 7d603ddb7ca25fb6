#include "reporter/reporter_loop.h"

#include "base/clock.h"
#include "base/wait_point.h"
#include "heap/census_runner.h"
#include "reporter/leak_watch.h"
#include "reporter/span_census_runner.h"
#include "sampling/allocation_sampler.h"
#include "sampling/sampling_support.h"
#include "spans/span_census.h"
#include "vm/guarded_call.h"
#include "vm/gvl_turn.h"
#include "vm/ractor_watch.h"
#include "wire/delivery.h"

#include <ruby/thread.h>
#include <stdio.h>
#include <stdlib.h>

#define GC_TICK_NS UINT64_C(1000000000)
/* A first picture soon after the start, then every interval. */
#define FIRST_SNAPSHOT_NS    UINT64_C(1000000000)
#define CENSUS_WITHIN_MAX_NS (UINT64_C(30) * 1000000000u)
/* How often the service name is asked for in a computing process, where Ruby code has to wait for the GVL. */
#define NAME_EVERY_NS (UINT64_C(30) * 1000000000u)
/* The sampler gets its visit within this time, census or not, */
#define VISIT_WITHIN_NS (UINT64_C(10) * 1000000000u)
/* and not more often than this; where getting the GVL takes long, four times as long lies between two. */
#define VISIT_APART_NS (UINT64_C(100) * 1000000u)

struct reporter_loop {
    struct wait_point point;
    bool interrupted, woken, called, stopping, silenced; /* under the lock of `point` */
    int ended_by; /* what a callback of the program's left the thread with, for rb_jump_tag; or 0 */
    struct report *snapshot, *gc_report;
    bool gc_moved; /* the latest tick found GC time to tell of */
    struct census_runner runner;
    struct span_census_runner span_census;
    struct process_memory_watch memory;
    uint64_t next_gc_ns, next_snapshot_ns, last_snapshot_ns, interval_ns;
    uint64_t named_ns;         /* when the service name was learnt, or 0 */
    unsigned named_config;     /* and under which configuration */
    bool sampling_waits;       /* for a visit in person */
    uint64_t sampler_visit_ns; /* time of the last one */
    uint64_t visit_due_ns;     /* before which there is none */
    uint64_t cpu_ns;           /* thread's processor time already counted, turns included */
};

/* --- turns: with the GVL ------------------------------------------------------------------------------------------------- */

static void collect_gc(void *argument)
{
    struct reporter_loop *loop = argument;
    gc_events_enable(loop->gc_report->config.gc_pauses);
    loop->sampling_waits |= allocation_sampler_follow(&loop->gc_report->config);
    loop->gc_moved = report_collect_gc(loop->gc_report);
}

static void collect_snapshot(void *argument)
{
    struct reporter_loop *loop = argument;
    census_runner_finish(&loop->runner, &loop->snapshot->census);
    report_collect_snapshot(loop->snapshot);
}

/* Not after the stop, which has ended sampling: who waited for the GVL until now would begin it again. */
static void visit_sampler(void *argument)
{
    struct reporter_loop *loop = argument;
    if (!reporter_loop_stopping_p(loop)) allocation_sampler_visit(&loop->gc_report->config);
}

static void send_in_person(void *argument)
{
    delivery_send(argument);
}

struct complaint_turn {
    const char *text;
    int ended_by;
};

static VALUE log_complaint(VALUE argument)
{
    struct complaint_turn *turn = (struct complaint_turn *)argument;
    VALUE agent = rb_const_get(rb_cObject, rb_intern("HeapPeriscopeAgent"));
    VALUE text = rb_utf8_str_new_cstr(turn->text);
    return rb_funcall(rb_const_get(agent, rb_intern("Log")), rb_intern("once"), 2, text, text);
}

/* On the reporter's own thread, never as a job: a logger may lock and write. */
static void log_in_person(void *argument)
{
    ((struct complaint_turn *)argument)->ended_by = guarded_call_of_program(log_complaint, (VALUE)argument);
}

static void complain(struct reporter_loop *loop, const char *text)
{
    struct complaint_turn turn = {.text = text};
    if (text) gvl_turn_in_person(log_in_person, &turn);
    if (turn.ended_by) loop->ended_by = turn.ended_by;
}

static void learn_name(void *unused)
{
    (void)unused;
    report_learn_service_name();
}

/* --- the work of a tick: without the GVL ---------------------------------------------------------------------------------- */

static bool silenced_p(void *argument)
{
    struct reporter_loop *loop = argument;
    wait_point_lock(&loop->point);
    bool silenced = loop->silenced;
    wait_point_unlock(&loop->point);
    return silenced;
}

static void deliver(struct reporter_loop *loop, struct report *report)
{
    struct delivery delivery = {.report = report,
                                .patience_ns = reporter_loop_stopping_p(loop) ? 0 : DELIVERY_PATIENCE_NS,
                                .withdrawn = silenced_p,
                                .withdrawn_argument = loop};
    delivery_encode(&delivery);
    if (report->config.sign)
        gvl_turn_in_person(send_in_person, &delivery); /* signing calls methods */
    else
        delivery_send(&delivery);

    char *text = udp_transport_take_complaint();
    complain(loop, text);
    free(text);
}

static void count_cpu(struct reporter_loop *loop)
{
    uint64_t cpu_ns = thread_cpu_ns();
    agent_cost_add(COST_THREAD_CPU_NS, elapsed_ns(loop->cpu_ns, cpu_ns));
    loop->cpu_ns = cpu_ns;
}

static uint64_t interval_ns(const struct report *report)
{
    return (uint64_t)(report->config.interval_s * 1e9);
}

/* Where the program computes it takes long to get the GVL in person, which a census has no time for. */
static void follow_sampler(struct reporter_loop *loop, uint64_t now_ns)
{
    if (!loop->sampling_waits || now_ns < loop->visit_due_ns) return;
    if (census_runner_active_p(&loop->runner) && now_ns - loop->sampler_visit_ns < VISIT_WITHIN_NS) return;
    loop->sampling_waits = false;
    gvl_turn_in_person(visit_sampler, loop);
    loop->sampler_visit_ns = monotonic_ns();
    uint64_t apart_ns = 4 * (loop->sampler_visit_ns - now_ns);
    loop->visit_due_ns = loop->sampler_visit_ns + (apart_ns > VISIT_APART_NS ? apart_ns : VISIT_APART_NS);
}

/* Whoever asked for sampling hears of it once, if it may not be. */
static void note_refusal(struct reporter_loop *loop)
{
    const char *problem = loop->gc_report->config.allocation_sampling ? sampling_support_take_notice() : NULL;
    char text[256];
    if (!problem) return;
    snprintf(text, sizeof text, "allocation sampling is off: %s", problem);
    complain(loop, text);
}

static void tick_gc(struct reporter_loop *loop)
{
    report_clear(loop->gc_report, REPORT_GC);
    gvl_turn_run(collect_gc, loop);
    note_refusal(loop);
    if (!loop->gc_moved) return;
    agent_cost_add(COST_GC_REPORTS, 1);
    report_complete(loop->gc_report, NULL);
    deliver(loop, loop->gc_report);
}

/* A library that gives the process its character may be loaded late, so the name is asked for again and again. */
static void follow_name(struct reporter_loop *loop, uint64_t now_ns)
{
    unsigned config = loop->snapshot->config.generation;
    bool settled = loop->named_ns && config == loop->named_config;
    if (settled && gvl_turn_busy() && now_ns - loop->named_ns < NAME_EVERY_NS) return;
    gvl_turn_in_person(learn_name, NULL);
    loop->named_ns = now_ns;
    loop->named_config = config;
}

static void begin_snapshot(struct reporter_loop *loop)
{
    report_clear(loop->snapshot, REPORT_SNAPSHOT);
    follow_name(loop, monotonic_ns());
    const struct agent_config *config = &loop->snapshot->config;
    uint64_t within_ns = interval_ns(loop->snapshot) / 20 * 19;
    if (within_ns > CENSUS_WITHIN_MAX_NS) within_ns = CENSUS_WITHIN_MAX_NS;
    bool by_class = leak_watch_census_due(config) || config->detailed_objects;
    census_runner_begin(&loop->runner, by_class, by_class, config->census_slice_ns, within_ns,
                        collect_snapshot, loop);
}

static void end_snapshot(struct reporter_loop *loop)
{
    count_cpu(loop);
    report_complete(loop->snapshot, &loop->memory);
    bool observed = leak_watch_observe(loop->snapshot);
    deliver(loop, loop->snapshot);
    int ended_by = observed ? leak_watch_announce(loop->snapshot) : 0;
    if (ended_by) loop->ended_by = ended_by;
    report_clear(loop->snapshot, REPORT_SNAPSHOT);
}

/* Snapshots that came due while one was still being collected are skipped and counted; the rhythm stays. */
static void schedule_next_snapshot(struct reporter_loop *loop, uint64_t now_ns)
{
    loop->last_snapshot_ns = loop->next_snapshot_ns;
    loop->next_snapshot_ns += loop->interval_ns;
    if (loop->next_snapshot_ns > now_ns) return;

    uint64_t missed = (now_ns - loop->next_snapshot_ns) / loop->interval_ns + 1;
    agent_cost_add(COST_SNAPSHOTS_SKIPPED, missed);
    loop->next_snapshot_ns += missed * loop->interval_ns;
}

static void follow_configuration(struct reporter_loop *loop)
{
    struct agent_config config;
    agent_config_copy(&config);
    uint64_t interval = (uint64_t)(config.interval_s * 1e9);
    if (interval == loop->interval_ns) return;
    loop->interval_ns = interval;
    loop->next_snapshot_ns = loop->last_snapshot_ns + interval;
}

static void work(struct reporter_loop *loop, uint64_t now_ns)
{
    if (now_ns >= loop->next_gc_ns) {
        tick_gc(loop);
        loop->next_gc_ns += GC_TICK_NS * ((now_ns - loop->next_gc_ns) / GC_TICK_NS + 1);
    }
    follow_sampler(loop, monotonic_ns());
    if (now_ns >= loop->next_snapshot_ns) {
        if (census_runner_active_p(&loop->runner)) {
            agent_cost_add(COST_SNAPSHOTS_SKIPPED, 1);
        } else {
            begin_snapshot(loop);
        }
        schedule_next_snapshot(loop, now_ns);
    }
    bool snapshot_under_way = census_runner_active_p(&loop->runner);
    span_census_runner_work(&loop->span_census, now_ns, loop->snapshot->config.census_slice_ns,
                            snapshot_under_way);
    if (!snapshot_under_way || now_ns < loop->runner.due_ns) return;
    if (census_runner_step(&loop->runner)) end_snapshot(loop);
}

static uint64_t next_due(const struct reporter_loop *loop)
{
    uint64_t due = loop->next_gc_ns < loop->next_snapshot_ns ? loop->next_gc_ns : loop->next_snapshot_ns;
    bool snapshot_under_way = census_runner_active_p(&loop->runner);
    uint64_t span_census_due = span_census_runner_due(&loop->span_census, snapshot_under_way);
    if (span_census_due < due) due = span_census_due;
    if (loop->sampling_waits && !snapshot_under_way && loop->visit_due_ns < due) due = loop->visit_due_ns;
    return snapshot_under_way && loop->runner.due_ns < due ? loop->runner.due_ns : due;
}

/* False when the loop should return to the VM. */
static bool wait_until_due(struct reporter_loop *loop)
{
    uint64_t due_ns = next_due(loop);
    wait_point_lock(&loop->point);
    while (!loop->interrupted && !loop->stopping && !loop->woken && !loop->called &&
           wait_point_wait_until(&loop->point, due_ns))
        ;
    bool go_on = !loop->interrupted && !loop->stopping;
    loop->sampling_waits |= loop->called;
    loop->interrupted = loop->woken = loop->called = false;
    wait_point_unlock(&loop->point);
    return go_on;
}

void reporter_loop_rest(struct reporter_loop *loop, uint64_t for_ns)
{
    uint64_t until_ns = monotonic_ns() + for_ns;
    wait_point_lock(&loop->point);
    while (!loop->interrupted && !loop->stopping && wait_point_wait_until(&loop->point, until_ns))
        ;
    loop->interrupted = false;
    wait_point_unlock(&loop->point);
}

void *reporter_loop_run(void *argument)
{
    struct reporter_loop *loop = argument;
    if (!loop->cpu_ns) loop->cpu_ns = thread_cpu_ns();
    gvl_turn_start();
    while (!loop->ended_by && !gvl_turn_interrupted() && wait_until_due(loop)) {
        follow_configuration(loop);
        work(loop, monotonic_ns());
        count_cpu(loop);
    }
    gvl_turn_stop();
    return NULL;
}

int reporter_loop_ended_by(const struct reporter_loop *loop)
{
    return loop->ended_by;
}

/* --- from other threads --------------------------------------------------------------------------------------------------- */

static void raise_flag(struct reporter_loop *loop, bool *flag)
{
    wait_point_lock(&loop->point);
    *flag = true;
    wait_point_wake(&loop->point);
    wait_point_unlock(&loop->point);
}

void reporter_loop_interrupt(void *argument)
{
    struct reporter_loop *loop = argument;
    raise_flag(loop, &loop->interrupted);
}

void reporter_loop_wake(struct reporter_loop *loop)
{
    raise_flag(loop, &loop->woken);
}

void reporter_loop_call(struct reporter_loop *loop)
{
    raise_flag(loop, &loop->called);
}

void reporter_loop_stop(struct reporter_loop *loop)
{
    raise_flag(loop, &loop->stopping);
}

void reporter_loop_silence(struct reporter_loop *loop)
{
    raise_flag(loop, &loop->silenced);
}

bool reporter_loop_stopping_p(struct reporter_loop *loop)
{
    wait_point_lock(&loop->point);
    bool stopping = loop->stopping;
    wait_point_unlock(&loop->point);
    return stopping;
}

/* --- life ----------------------------------------------------------------------------------------------------------------- */

struct reporter_loop *reporter_loop_new(void)
{
    struct reporter_loop *loop = calloc(1, sizeof *loop);
    if (!loop) return NULL;
    loop->snapshot = report_new(REPORT_SNAPSHOT);
    loop->gc_report = report_new(REPORT_GC);
    if (!loop->snapshot || !loop->gc_report) {
        reporter_loop_free(loop);
        return NULL;
    }
    wait_point_init(&loop->point);
    uint64_t now_ns = monotonic_ns();
    loop->interval_ns = interval_ns(loop->snapshot);
    loop->next_gc_ns = now_ns + GC_TICK_NS;
    loop->next_snapshot_ns =
        now_ns + (loop->interval_ns < FIRST_SNAPSHOT_NS ? loop->interval_ns : FIRST_SNAPSHOT_NS);
    loop->last_snapshot_ns = now_ns;
    return loop;
}

void reporter_loop_abandon_censuses(struct reporter_loop *loop)
{
    if (loop->runner.census) heap_census_abandon(loop->runner.census);
    loop->runner.census = NULL;
    span_census_runner_abandon(&loop->span_census);
}

void reporter_loop_free(struct reporter_loop *loop)
{
    reporter_loop_abandon_censuses(loop);
    span_census_reset(); /* what was asked for goes with the thread */
    report_free(loop->snapshot);
    report_free(loop->gc_report);
    free(loop);
}
