#include "vm/job_trigger.h"

#include "base/clock.h"
#include "base/wait_point.h"
#include "vm/arming.h"

#include <limits.h>
#include <signal.h>

#define STACK_BYTES (128 * 1024)

static struct wait_point point;
static void (*trigger_job)(void);
static pthread_t thread;
static bool running, wanted, stopping; /* under the lock */
/* Held from the first to the last step of a start or a stop: one reporter may end while the next one begins. */
static pthread_mutex_t life = PTHREAD_MUTEX_INITIALIZER;
static unsigned users; /* under `life` */

void job_trigger_init(void (*trigger)(void))
{
    trigger_job = trigger;
    wait_point_init(&point);
}

static void *serve(void *unused)
{
    wait_point_lock(&point);
    while (!stopping) {
        if (!wanted) {
            wait_point_wait_until(&point, UINT64_MAX);
            continue;
        }
        wanted = false;
        wait_point_unlock(&point);
        trigger_job();
        wait_point_lock(&point);
    }
    wait_point_unlock(&point);
    return unused;
}

static bool create_thread(void)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES > PTHREAD_STACK_MIN ? STACK_BYTES : PTHREAD_STACK_MIN);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool created = pthread_create(&thread, &attributes, serve, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return created;
}

bool job_trigger_start(void)
{
    pthread_mutex_lock(&life);
    users++;
    wait_point_lock(&point);
    if (!running && arming_open_p()) {
        stopping = wanted = false;
        running = create_thread();
    }
    bool runs = running;
    wait_point_unlock(&point);
    pthread_mutex_unlock(&life);
    return runs;
}

/* Under `life`. */
static void end_thread(void)
{
    wait_point_lock(&point);
    bool ends = running;
    running = false;
    stopping = true;
    wait_point_wake(&point);
    wait_point_unlock(&point);
    if (ends) pthread_join(thread, NULL);
}

void job_trigger_stop(void)
{
    pthread_mutex_lock(&life);
    if (users > 0 && --users == 0) end_thread();
    pthread_mutex_unlock(&life);
}

void job_trigger_end(void)
{
    pthread_mutex_lock(&life);
    users = 0;
    end_thread();
    pthread_mutex_unlock(&life);
}

bool job_trigger_fire(void)
{
    wait_point_lock(&point);
    bool runs = running;
    wanted = runs;
    wait_point_wake(&point);
    wait_point_unlock(&point);
    return runs;
}

void job_trigger_lock(void)
{
    wait_point_lock(&point);
}

void job_trigger_unlock(void)
{
    wait_point_unlock(&point);
}

void job_trigger_reset(void)
{
    wait_point_init(&point);
    pthread_mutex_init(&life, NULL);
    users = 0;
    running = wanted = stopping = false;
}
