#include "vm/gvl_turn.h"

#include "base/agent_cost.h"
#include "base/clock.h"
#include "base/wait_point.h"
#include "vm/guarded_call.h"
#include "vm/job_trigger.h"
#include "vm/postponed_job.h"

#include <ruby.h>
#include <ruby/thread.h>
#include <stdatomic.h>

/* A program that computes runs the job at its next safepoint, but a long C call has none: queueing for the GVL would then hold
 * the reporter up for a time slice of every thread, so it waits as long as the program is seen to compute. */
#define JOB_PATIENCE_NS MS_TO_NS(500)
/* The VM notes a job for the thread that runs Ruby code. One that is just giving the GVL away looks at it when it has it back, a
 * time slice of every thread later; so the job is triggered again and again, which does nothing where it has run. */
#define JOB_AGAIN_NS MS_TO_NS(10)
/* Share of a core below which the process counts as idle. */
#define IDLE_CPU_SHARE 0.05
/* Getting the GVL within this time means that nobody else wanted it. */
#define IDLE_WAIT_NS MS_TO_NS(3)

enum turn_state { NONE, OFFERED, RUNNING };

static struct wait_point point;
static _Atomic int state;
static gvl_turn_work offered_work;
static void *offered_argument;
static bool busy;
static uint64_t taken_ns;
static bool taken_by_job;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int pending; /* threads that want the GVL, or have it */
static bool in_job;         /* GVL */
static atomic_bool interrupted;
static struct postponed_job job;

static VALUE work_offered(VALUE unused)
{
    offered_work(offered_argument);
    return unused;
}

/* GVL held: either inside the postponed job or in the reporter's own turn, whose processor time the reporter counts. */
static void take_turn(bool by_job)
{
    int expected = OFFERED;
    if (!atomic_compare_exchange_strong(&state, &expected, RUNNING)) return;

    taken_ns = monotonic_ns();
    taken_by_job = by_job;
    in_job = by_job;
    uint64_t cpu_ns = by_job ? thread_cpu_ns() : 0;
    /* Whoever offered the turn waits for its end, come what may: no memory, too. */
    if (!guarded_c_call(work_offered, Qnil, NULL)) agent_cost_add(COST_FAILURES, 1);
    agent_cost_add(COST_GVL_NS, monotonic_ns() - taken_ns);
    if (by_job) agent_cost_add(COST_TURN_CPU_NS, elapsed_ns(cpu_ns, thread_cpu_ns()));
    in_job = false;

    wait_point_lock(&point);
    atomic_store(&state, NONE);
    wait_point_wake(&point);
    wait_point_unlock(&point);
}

static void run_job(void *unused)
{
    (void)unused;
    take_turn(true);
}

/* The VM looks for interrupts once more when a thread gives up the GVL, finds that they are to wait, and has forgotten them by the time
 * it waits without. So they are looked for here; what comes is a thread's wish to end, which can wait until the next turn. */
static void note_interrupts(void)
{
    rb_thread_check_ints(); /* switches threads now, if that is due */
    if (interrupts_waiting_p()) atomic_store(&interrupted, true);
}

static void *run_in_person(void *unused)
{
    take_turn(false);
    note_interrupts();
    return unused;
}

static void trigger_job(void)
{
    postponed_job_trigger(&job);
}

void gvl_turn_init(void)
{
    wait_point_init(&point);
    job_trigger_init(trigger_job);
    postponed_job_init(&job, run_job);
}

void gvl_turn_start(void)
{
    job_trigger_start();
}

void gvl_turn_stop(void)
{
    job_trigger_stop();
}

static bool wait_for_end_until(uint64_t deadline_ns)
{
    wait_point_lock(&point);
    while (atomic_load(&state) != NONE && wait_point_wait_until(&point, deadline_ns))
        ;
    wait_point_unlock(&point);
    return atomic_load(&state) == NONE;
}

/* True when the job has done the work; false when the process does not seem to run any Ruby code. */
static bool wait_for_job(void)
{
    uint64_t began_ns = monotonic_ns(), look_ns = began_ns;
    uint64_t cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    while (!wait_for_end_until(look_ns + JOB_AGAIN_NS)) {
        uint64_t now_ns = monotonic_ns(), now_cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
        bool idle = (double)(now_cpu_ns - cpu_ns) < IDLE_CPU_SHARE * (double)(now_ns - look_ns);
        if (idle || now_ns - began_ns > JOB_PATIENCE_NS) return false;
        job_trigger_fire();
        look_ns = now_ns;
        cpu_ns = now_cpu_ns;
    }
    return true;
}

static void run(gvl_turn_work work, void *argument)
{
    offered_work = work;
    offered_argument = argument;
    uint64_t offered_ns = monotonic_ns();
    atomic_store(&state, OFFERED);
    bool fired = postponed_job_possible_p(&job) && job_trigger_fire();
    if (busy && fired && wait_for_job()) return;

    offered_ns = monotonic_ns();
    rb_thread_call_with_gvl(run_in_person, NULL);
    /* A job that was switched away from in the middle still has the argument in its hands. */
    while (!wait_for_end_until(monotonic_ns() + JOB_PATIENCE_NS))
        ;
    busy = taken_by_job || taken_ns - offered_ns > IDLE_WAIT_NS;
}

void gvl_turn_run(gvl_turn_work work, void *argument)
{
    atomic_fetch_add(&pending, 1);
    pthread_mutex_lock(&one_at_a_time);
    run(work, argument);
    pthread_mutex_unlock(&one_at_a_time);
    atomic_fetch_sub(&pending, 1);
}

bool gvl_turn_pending(void)
{
    return atomic_load(&pending) > 0;
}

struct visit {
    gvl_turn_work work;
    void *argument;
};

static void *pay_visit(void *argument)
{
    struct visit *visit = argument;
    uint64_t cpu_ns = thread_cpu_ns(); /* Ruby code lets other threads in, whose time is not ours */
    visit->work(visit->argument);
    agent_cost_add(COST_GVL_NS, elapsed_ns(cpu_ns, thread_cpu_ns()));
    note_interrupts();
    return NULL;
}

void gvl_turn_in_person(gvl_turn_work work, void *argument)
{
    struct visit visit = {work, argument};
    atomic_fetch_add(&pending, 1);
    rb_thread_call_with_gvl(pay_visit, &visit);
    atomic_fetch_sub(&pending, 1);
}

bool gvl_turn_interrupted(void)
{
    return atomic_exchange(&interrupted, false);
}

bool gvl_turn_in_job(void)
{
    return in_job;
}

bool gvl_turn_busy(void)
{
    return busy;
}

void gvl_turn_lock(void)
{
    job_trigger_lock();
    wait_point_lock(&point);
}

void gvl_turn_unlock(void)
{
    wait_point_unlock(&point);
    job_trigger_unlock();
}

void gvl_turn_reset(void)
{
    job_trigger_reset();
    wait_point_init(&point);
    pthread_mutex_init(&one_at_a_time, NULL);
    atomic_store(&pending, 0);
    atomic_store(&state, NONE);
    busy = in_job = false;
}
