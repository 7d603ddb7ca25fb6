/* Clocks in nanoseconds. No Ruby API, any thread, any lock, safe inside a hook. */
#ifndef HEAP_PERISCOPE_CLOCK_H
#define HEAP_PERISCOPE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Never goes back; the only clock intervals and deadlines are measured with. */
static inline uint64_t monotonic_ns(void)
{
    return clock_read_ns(CLOCK_MONOTONIC);
}

/* Processor time of the calling thread. */
static inline uint64_t thread_cpu_ns(void)
{
    return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* What has passed, of a clock that may have been another one before: a Ruby thread may go on in another native thread
 * (RUBY_MN_THREADS=1), whose processor time is its own. */
static inline uint64_t elapsed_ns(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? to_ns - from_ns : 0;
}

#define NS_PER_MS    1000000.0
#define MS_TO_NS(ms) ((uint64_t)((ms)*1000000.0))

#endif
