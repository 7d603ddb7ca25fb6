#include "base/wait_point.h"

#include "base/clock.h"

void wait_point_init(struct wait_point *point)
{
    pthread_mutex_init(&point->mutex, NULL);
#ifdef HAVE_PTHREAD_CONDATTR_SETCLOCK
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&point->condition, &attributes);
    pthread_condattr_destroy(&attributes);
#else
    pthread_cond_init(&point->condition, NULL);
#endif
}

void wait_point_lock(struct wait_point *point)
{
    pthread_mutex_lock(&point->mutex);
}

void wait_point_unlock(struct wait_point *point)
{
    pthread_mutex_unlock(&point->mutex);
}

void wait_point_wake(struct wait_point *point)
{
    pthread_cond_broadcast(&point->condition);
}

static struct timespec to_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

bool wait_point_wait_until(struct wait_point *point, uint64_t deadline_ns)
{
    uint64_t now_ns = monotonic_ns();
    if (now_ns >= deadline_ns) return false;
#ifdef HAVE_PTHREAD_CONDATTR_SETCLOCK
    struct timespec deadline = to_timespec(deadline_ns);
    return pthread_cond_timedwait(&point->condition, &point->mutex, &deadline) == 0;
#else
    struct timespec left =
        to_timespec(deadline_ns - now_ns); /* macOS waits for a length of time, on the monotonic clock */
    return pthread_cond_timedwait_relative_np(&point->condition, &point->mutex, &left) == 0;
#endif
}
