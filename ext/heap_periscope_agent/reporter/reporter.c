#include "reporter/reporter.h"

#include "base/agent_cost.h"
#include "base/clock.h"
#include "base/wait_point.h"
#include "config/agent_config.h"
#include "gc/gc_events.h"
#include "report/report.h"
#include "reporter/reporter_loop.h"
#include "reporter/synchronous_report.h"
#include "reporter/thread_end.h"
#include "sampling/allocation_sampler.h"
#include "spans/span_census.h"
#include "spans/spans.h"
#include "vm/arming.h"
#include "vm/guarded_call.h"
#include "vm/gvl_turn.h"
#include "vm/vm.h"

#include <ruby.h>
#include <ruby/thread.h>

/* What a stop and the end of the process may take altogether, the wait for the thread included. */
#define GOODBYE_NS MS_TO_NS(200)
#define JOIN_NS    MS_TO_NS(120)
#define LOOK_NS    MS_TO_NS(1)
/* How long the thread rests after an exception that is not its own: twice as long each time, until it has worked for a minute. */
#define REST_MIN_NS    MS_TO_NS(50)
#define REST_MAX_NS    MS_TO_NS(1000)
#define WORKED_WELL_NS MS_TO_NS(60000)

/* All under the GVL, but for `current`: it is changed under the lock of `ended`, and forgotten by the thread itself. Its memory
 * is given back under the GVL only. */
static struct reporter_loop *current;
static VALUE thread = Qnil;
static unsigned starts;
static struct wait_point ended;

/* Without a reporter nothing of ours is left for the VM to call. */
static void disarm(void)
{
    allocation_sampler_stop();
    gc_events_enable(false);
    arming_close();
}

/* --- the thread ----------------------------------------------------------------------------------------------------------- */

static void forget(struct reporter_loop *loop)
{
    wait_point_lock(&ended);
    if (current == loop) current = NULL;
    wait_point_wake(&ended);
    wait_point_unlock(&ended);
}

/* Who waits for the end need not wait until this thread gets the GVL again. */
static void *run(void *argument)
{
    reporter_loop_run(argument);
    if (reporter_loop_stopping_p(argument)) forget(argument);
    return NULL;
}

struct life {
    struct reporter_loop *loop;
    uint64_t rest_ns; /* 0 while all is well */
};

static void *rest(void *argument)
{
    const struct life *life = argument;
    reporter_loop_rest(life->loop, life->rest_ns);
    return NULL;
}

static VALUE run_until_interrupted(VALUE argument)
{
    struct life *life = (struct life *)argument;
    interrupts_deliver();
    rb_thread_call_without_gvl(run, life->loop, reporter_loop_interrupt, life->loop);
    if (reporter_loop_ended_by(life->loop)) rb_jump_tag(reporter_loop_ended_by(life->loop));
    interrupts_deliver();
    return Qnil;
}

/* Calls no method, which a TracePoint would see. */
static VALUE take_a_rest(VALUE life)
{
    struct reporter_loop *loop = ((struct life *)life)->loop;
    rb_thread_call_without_gvl(rest, (void *)life, reporter_loop_interrupt, loop);
    return Qnil;
}

/* What a TracePoint of the program raises in every thread, or somebody raises in all threads there are, is not meant for this
 * one. A kill is (it comes as no exception), and `exit` is meant for the process. */
static bool meant_for_us_p(VALUE error)
{
    return !guarded_exception_p(error) || RTEST(rb_obj_is_kind_of(error, rb_eSystemExit));
}

static void survive(struct life *life, int tag, uint64_t worked_ns)
{
    if (reporter_loop_ended_by(life->loop) || meant_for_us_p(rb_errinfo())) rb_jump_tag(tag);
    guarded_drop(tag);
    agent_cost_add(COST_FAILURES, 1);
    if (worked_ns > WORKED_WELL_NS) life->rest_ns = 0;
    life->rest_ns = life->rest_ns ? 2 * life->rest_ns : REST_MIN_NS;
    if (life->rest_ns > REST_MAX_NS) life->rest_ns = REST_MAX_NS;
}

static void persevere(struct life *life, VALUE (*work)(VALUE))
{
    while (!reporter_loop_stopping_p(life->loop)) {
        uint64_t began_ns = monotonic_ns();
        int tag = 0;
        if (life->rest_ns) rb_protect(take_a_rest, (VALUE)life, &tag);
        if (!tag) rb_protect(work, (VALUE)life, &tag);
        if (tag) survive(life, tag, monotonic_ns() - began_ns);
    }
}

/* Between two runs alone the thread is killed: nothing is held, and no turn under way. */
static VALUE run_undisturbed(VALUE life)
{
    persevere((struct life *)life, run_until_interrupted);
    return Qnil;
}

static VALUE live(VALUE life)
{
    return interrupts_wait_for_life(run_undisturbed, life);
}

/* Twice, since waiting for life is a method, whose call and return a TracePoint sees too. What is raised inside does not get out to it: where
 * a return from C raises, the VM unwinds it again and again. */
static VALUE run_until_stopped(VALUE argument)
{
    struct life life = {.loop = (struct reporter_loop *)argument};
    persevere(&life, live);
    return Qnil;
}

/* Also when the thread is killed, as it is at the end of a process that never said goodbye. */
static VALUE end_thread(VALUE argument)
{
    struct reporter_loop *loop = (struct reporter_loop *)argument;
    if (current == loop) disarm();
    forget(loop);
    reporter_loop_free(loop);
    return Qnil;
}

static VALUE thread_main(void *argument)
{
    return rb_ensure(run_until_stopped, (VALUE)argument, end_thread, (VALUE)argument);
}

/* Puma warns about threads that were there before it forks, unless they say that they can bear it. */
static VALUE create_thread(VALUE argument)
{
    thread = rb_thread_create(thread_main, (void *)argument);
    rb_funcall(thread, rb_intern("name="), 1, rb_str_new_cstr("heap_periscope"));
    rb_funcall(thread, rb_intern("report_on_exception="), 1, Qfalse);
    rb_funcall(thread, rb_intern("thread_variable_set"), 2, ID2SYM(rb_intern("fork_safe")), Qtrue);
    return thread;
}

static bool spawn(void)
{
    struct reporter_loop *loop = reporter_loop_new();
    if (!loop) return false;
    thread = Qnil;
    current = loop;

    if (guarded_call(create_thread, (VALUE)loop, NULL)) return true;
    agent_cost_add(COST_FAILURES, 1);
    if (!NIL_P(thread)) return true; /* it runs, only without its name */
    forget(loop);
    reporter_loop_free(loop);
    return false;
}

static VALUE thread_status(VALUE asked)
{
    return rb_funcall(asked, rb_intern("alive?"), 0);
}

/* A thread that was killed before it first ran never came to its end_thread. Asking lets other threads run: by the time of the answer
 * there may be another loop, which is none of ours to end. */
static bool thread_alive(void)
{
    while (current && !NIL_P(thread)) {
        struct reporter_loop *loop = current;
        VALUE asked = thread, alive = Qtrue; /* where the program's own alive? raises */
        guarded_call(thread_status, asked, &alive);
        if (RTEST(alive)) return true;
        if (current != loop || thread != asked) continue;
        reporter_loop_abandon_censuses(loop);
        disarm();
        forget(loop);
        return false;
    }
    return false;
}

/* --- start and stop -------------------------------------------------------------------------------------------------------- */

void reporter_init(void)
{
    wait_point_init(&ended);
    rb_gc_register_address(&thread);
    if (vm.each_objects) span_census_set_waker(reporter_wake);
}

bool reporter_running_p(void)
{
    return thread_alive();
}

static bool arm(void)
{
    if (!arming_open()) return false;
    struct agent_config config;
    agent_config_copy(&config);
    gc_events_enable(config.gc_pauses);
    allocation_sampler_visit(&config);
    if (starts == 1) report_reset();
    return true;
}

bool reporter_start(void)
{
    if (!starts)
        report_learn_service_name(); /* lets go of the GVL, so here, and not at the end of the process */
    starts++;
    if (thread_alive()) return true;
    if (!arm()) {
        starts--;
        return false;
    }
    if (starts == 1) spans_switch_on();
    if (current || spawn()) return true; /* another thread may have been quicker */
    disarm();
    if (--starts == 0) spans_switch_off();
    return false;
}

void reporter_wake(void)
{
    struct reporter_loop *loop = current;
    if (loop) reporter_loop_wake(loop);
}

void reporter_call_for_visit(void)
{
    struct reporter_loop *loop = current;
    if (loop) reporter_loop_call(loop);
}

/* Waits for the thread with the GVL held: where others compute, letting it go costs a time slice of each of them. A thread that is in
 * need of the GVL is not waited for: it ends when it has got it, and what it has at hand is withdrawn. */
static void end_loop(void)
{
    struct reporter_loop *loop = thread_alive() ? current : NULL;
    if (!loop) return;
    uint64_t deadline_ns = monotonic_ns() + JOIN_NS;
    reporter_loop_stop(loop);
    wait_point_lock(&ended);
    while (current == loop && !gvl_turn_pending() && monotonic_ns() < deadline_ns)
        wait_point_wait_until(&ended, monotonic_ns() + LOOK_NS);
    wait_point_unlock(&ended);
    reporter_loop_silence(loop); /* its memory is there as long as this thread keeps the GVL */
    forget(loop);
}

struct goodbye {
    const char *reason;
    uint64_t deadline_ns;
};

static VALUE say_goodbye(VALUE argument)
{
    struct goodbye *goodbye = (struct goodbye *)argument;
    synchronous_goodbye(goodbye->reason, goodbye->deadline_ns);
    return Qnil;
}

/* Also when the thread that says goodbye is interrupted. */
static VALUE end_all(VALUE unused)
{
    if (!starts) disarm();
    spans_switch_off();
    return unused;
}

static bool end_reporting(const char *reason)
{
    struct goodbye goodbye = {reason, monotonic_ns() + GOODBYE_NS};
    end_loop();
    if (starts) return thread_alive() || (arm() && (current || spawn())); /* somebody started meanwhile */
    rb_ensure(say_goodbye, (VALUE)&goodbye, end_all, Qnil);
    return true;
}

bool reporter_stop(void)
{
    if (!starts) return false;
    if (--starts) return true;
    VALUE ending = thread;
    uint64_t deadline_ns = monotonic_ns() + GOODBYE_NS;
    bool stopped = end_reporting("stop");
    if (!starts) thread_end_await(ending, deadline_ns);
    return stopped;
}

bool reporter_shutdown(void)
{
    if (!starts) return false;
    starts = 0;
    return end_reporting("exit");
}

void reporter_after_fork(void)
{
    wait_point_init(&ended);
    if (current) reporter_loop_abandon_censuses(current);
    guarded_call_after_fork();
    current = NULL; /* its reports may be half written: the few kilobytes go with the process */
    thread = Qnil;
    if (!starts || !spawn()) disarm();
}
