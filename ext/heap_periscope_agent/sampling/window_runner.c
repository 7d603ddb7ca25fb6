#include "sampling/window_runner.h"

#include "base/agent_cost.h"
#include "base/clock.h"
#include "base/random_bits.h"
#include "base/stack_scrub.h"
#include "gc/gc_stats.h"
#include "sampling/allocation_window.h"
#include "sampling/retained_set.h"
#include "sampling/window_digest.h"
#include "sampling/window_timer.h"
#include "vm/guarded_call.h"
#include "vm/postponed_job.h"

#include <ruby.h>

/* A window that saw so much fewer objects than were allocated has lost its hook. */
#define LOST_OBJECTS 1000

static struct {
    bool on;
    int stack_depth;
    struct sampling_governor governor;
    struct random_bits randomness;

    uint64_t handled_tick;
    struct window_tick tick; /* of the window that is open */
    uint64_t latency_ns;     /* of it */
    uint64_t allocated_at_begin, allocated_at_open, window_number;
    struct window_figures figures;

    /* as of the latest note to the governor */
    uint64_t noted_ns, noted_process_ns, noted_timer_ns, noted_allocated, overhead_ns, majors;
} runner;

static VALUE major_key;
static struct postponed_job job;
static void (*after_window)(void);

/* --- the governor ----------------------------------------------------------------------------------------------------------- */

static void make_plan(void)
{
    window_timer_plan(&runner.governor.kinds);
}

static uint64_t timer_cost_ns(void)
{
    uint64_t timer_ns = window_timer_cpu_ns();
    uint64_t spent_ns = timer_ns > runner.noted_timer_ns ? timer_ns - runner.noted_timer_ns : 0;
    runner.noted_timer_ns = timer_ns;
    return spent_ns;
}

/* The map makes each major collection longer: a price that is paid, if not by us. */
static uint64_t marking_cost_ns(void)
{
    uint64_t majors = rb_gc_stat(major_key);
    double cost_ns = (double)(majors - runner.majors) * retained_set_mark_cost_ns();
    runner.majors = majors;
    return (uint64_t)cost_ns;
}

static void note_facts(const struct window_tick *tick, uint64_t latency_ns, double spread)
{
    uint64_t now_ns = monotonic_ns(), process_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t allocated = gc_total_allocated_objects();
    struct sampling_facts facts = {.elapsed_ns = now_ns - runner.noted_ns,
                                   .process_cpu_ns = process_ns - runner.noted_process_ns,
                                   .allocated = allocated - runner.noted_allocated,
                                   .seen = allocation_window.seen,
                                   .stacks = allocation_window.sample_count,
                                   .stack_ns = allocation_window.stack_ns,
                                   .latency_ns = latency_ns,
                                   .overhead_ns = runner.overhead_ns + timer_cost_ns() + marking_cost_ns(),
                                   .kind = tick->kind,
                                   .spread = spread / ((double)tick->stretch_ns * (double)tick->stretch_ns)};
    runner.noted_ns = now_ns;
    runner.noted_process_ns = process_ns;
    runner.noted_allocated = allocated;
    runner.overhead_ns = 0;
    sampling_governor_note(&runner.governor, &facts);
    make_plan();
}

/* --- one window ------------------------------------------------------------------------------------------------------------- */

static VALUE digest(VALUE argument)
{
    window_digest_run((struct window_digest *)argument);
    return Qnil;
}

/* Before this many windows the scale is held near 1: what a few windows stand for says little of all that was allocated. */
#define WINDOWS_OF_PRIOR 20

/* Objects of the process that one allocated object is for the estimates: what was allocated over what the windows stand for. The
 * windows' weights make it 1 on the average; hence the prior. */
static double calibration(void)
{
    double allocated = (double)(gc_total_allocated_objects() - runner.allocated_at_begin);
    double prior = allocated / (double)(runner.window_number + 1) * WINDOWS_OF_PRIOR;
    return prior > 0 ? (allocated + prior) / (runner.figures.base.y + prior) : 1.0;
}

/* What a window stands for: the stretch it was drawn from over its length. */
static double weight_of(const struct window_tick *tick)
{
    return (double)tick->stretch_ns / (double)(tick->close_ns - tick->open_ns);
}

/* Answers the spread. */
static double digest_window(uint64_t allocated)
{
    uint64_t began_ns = monotonic_ns();
    struct window_digest work = {.weight = weight_of(&runner.tick),
                                 .scale = calibration(),
                                 .allocated = allocated,
                                 .number = runner.window_number,
                                 .room = retained_set_room(began_ns, runner.governor.budget),
                                 .base = &runner.figures.base};
    if (!guarded_c_call(digest, (VALUE)&work, NULL)) agent_cost_add(COST_FAILURES, 1);
    runner.figures.stacks += work.stacks;
    runner.figures.samples_missed += work.missed;
    runner.figures.digest_ns += monotonic_ns() - began_ns;
    return work.spread;
}

static void end_window(void)
{
    allocation_window_close();
    double spread = 0;
    uint64_t allocated = gc_total_allocated_objects() - runner.allocated_at_open;
    runner.window_number++;
    /* Before Ruby 4.0 the VM forgets hooks when a Ractor ends: a window without one is none, and the next sets it anew. */
    bool lost = !allocation_window.seen && allocated > LOST_OBJECTS;
    if (!lost) {
        if (allocation_window.seen) {
            runner.figures.windows++;
            agent_cost_add(COST_WINDOWS, 1);
        }
        runner.figures.sampled_objects += allocation_window.seen;
        runner.figures.samples_missed += allocation_window.samples_missed;
        spread = digest_window(allocated);
    }
    retained_set_window_over();
    note_facts(&runner.tick, runner.latency_ns, spread);
    allocation_window_clear();
    stack_scrub();
    after_window();
}

static uint64_t latency_of(const struct window_tick *tick)
{
    uint64_t cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    return cpu_ns > tick->open_cpu_ns ? cpu_ns - tick->open_cpu_ns : 0;
}

/* A moment that passed before a job could run: the window it stood for begins and ends at this very safepoint. */
static void pass_over(uint64_t number, const struct window_tick *tick)
{
    share_base_close(&runner.figures.base, 0);
    window_timer_handled(number);
    note_facts(tick, latency_of(tick), 0);
}

static void begin_window(uint64_t number, const struct window_tick *tick)
{
    double jitter = 0.75 + random_bits_unit(&runner.randomness) / 2;
    const struct sampling_governor *governor = &runner.governor;
    const struct window_order order = {
        .close_ns = tick->close_ns,
        .limit = (uint64_t)((double)governor->cap * jitter),
        .stack_every = sampling_governor_stack_every(governor, tick->close_ns - tick->open_ns),
        .stack_depth = runner.stack_depth,
        .object_ns = governor->object_ns,
        .sample_ns = governor->stack_ns};
    runner.tick = *tick;
    runner.latency_ns = latency_of(tick);
    runner.allocated_at_open = gc_total_allocated_objects();
    window_timer_handled(number);
    allocation_window_open(&order);
}

static void follow_timer(void)
{
    uint64_t now_ns = monotonic_ns();
    if (allocation_window.open) {
        bool over = now_ns >= allocation_window_end_ns();
        if (!over && !allocation_window.capped) return;
        /* One that was cut short stands for its stretch with the length it had. */
        if (!over && now_ns > runner.tick.open_ns) runner.tick.close_ns = now_ns;
        end_window();
    }
    uint64_t newest = window_timer_count();
    if (newest > runner.handled_tick + TICKS_KEPT / 2) runner.handled_tick = newest - 1;
    while (runner.handled_tick < newest) {
        uint64_t number = ++runner.handled_tick;
        struct window_tick tick = window_timer_tick(number);
        if (now_ns < tick.close_ns) {
            begin_window(number, &tick);
            return;
        }
        pass_over(number, &tick);
    }
}

static void run_job(void *unused)
{
    (void)unused;
    if (!runner.on) return;
    uint64_t cpu_ns = thread_cpu_ns(), began_ns = monotonic_ns();
    follow_timer();
    uint64_t spent_ns = elapsed_ns(cpu_ns, thread_cpu_ns());
    runner.overhead_ns += spent_ns;
    agent_cost_add(COST_TURN_CPU_NS, spent_ns);
    agent_cost_add(COST_GVL_NS, monotonic_ns() - began_ns);
}

static void trigger(void)
{
    postponed_job_trigger(&job);
}

void window_runner_attend(void)
{
    if (allocation_window.open && monotonic_ns() >= allocation_window_end_ns()) run_job(NULL);
}

/* --- life ------------------------------------------------------------------------------------------------------------------- */

void window_runner_init(void (*digested)(void))
{
    after_window = digested;
    major_key = ID2SYM(rb_intern("major_gc_count"));
    window_timer_init();
    postponed_job_init(&job, run_job);
}

bool window_runner_possible_p(void)
{
    return postponed_job_possible_p(&job);
}

void window_runner_prepare(void)
{
    allocation_window_prepare(trigger);
    runner.governor.object_ns = allocation_window_calibrate();
}

bool window_runner_start(double budget, int stack_depth)
{
    uint64_t now_ns = monotonic_ns(), allocated = gc_total_allocated_objects();
    runner.figures = (struct window_figures){.began_ns = now_ns};
    runner.noted_ns = now_ns;
    runner.noted_process_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    runner.noted_timer_ns = runner.overhead_ns = 0;
    runner.allocated_at_begin = runner.noted_allocated = allocated;
    runner.majors = rb_gc_stat(major_key);
    runner.handled_tick = window_timer_count();
    runner.stack_depth = stack_depth;
    random_bits_seed(&runner.randomness, 5);
    sampling_governor_init(&runner.governor, budget, runner.governor.object_ns);
    make_plan();
    runner.on = window_timer_start(trigger);
    return runner.on;
}

void window_runner_adapt(double budget, int stack_depth)
{
    runner.governor.budget = budget;
    runner.stack_depth = stack_depth;
}

static void put_window_away(void)
{
    allocation_window_close();
    allocation_window_clear();
    runner.on = false;
}

void window_runner_stop(void)
{
    if (!runner.on) return;
    window_timer_stop();
    put_window_away();
    runner.figures.base.allocated = gc_total_allocated_objects() - runner.allocated_at_begin;
}

void window_runner_after_fork(void)
{
    window_timer_reset();
    if (runner.on) put_window_away();
}

void window_runner_fix_plan(uint64_t gap_ns, uint64_t length_ns, double stack_every)
{
    runner.governor.fixed = true;
    for (unsigned i = 0; i < WINDOW_KINDS; i++) {
        runner.governor.kinds.kinds[i].gap_ns = gap_ns;
        runner.governor.kinds.kinds[i].length_ns = length_ns;
    }
    runner.governor.stack_every = stack_every;
    make_plan();
}

void window_runner_charge(uint64_t cpu_ns)
{
    runner.overhead_ns += cpu_ns;
}

struct window_figures window_runner_figures(void)
{
    struct window_figures figures = runner.figures;
    figures.governor = &runner.governor;
    if (runner.on) figures.base.allocated = gc_total_allocated_objects() - runner.allocated_at_begin;
    return figures;
}
