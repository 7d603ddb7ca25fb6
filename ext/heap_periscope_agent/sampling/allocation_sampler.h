/* Allocation sampling as a whole: when it is on, what it has found. The windows themselves are window_runner's, what lives is
 * retained_set's.
 *
 * GVL, main Ractor, outside of hooks; nothing here raises. What calls methods of Ruby's says "in person": inside a job an interrupt of
 * the program's thread (Timeout, Thread#kill) could be lost in it. */
#ifndef HEAP_PERISCOPE_ALLOCATION_SAMPLER_H
#define HEAP_PERISCOPE_ALLOCATION_SAMPLER_H

#include "config/agent_config.h"
#include "sampling/share_estimate.h"

#include <ruby.h>
#include <stdbool.h>
#include <stdint.h>

enum sampler_state { SAMPLER_OFF, SAMPLER_ON, SAMPLER_BACKING_OFF, SAMPLER_REFUSED };

struct sampler_status {
    bool began; /* at some time in this process: there may be something to read */
    enum sampler_state state;
    const char *reason; /* lives as long as the process; NULL: none */
    uint64_t windows;   /* that saw something */
    uint64_t sampled_objects, stacks, samples_missed, stacks_evicted;
    double since_s, cost_share;
    bool retained; /* whether the retained set is kept */
    const char *retained_reason;
    size_t retained_watched;
    uint64_t retained_missed;
    struct share_base base; /* since sampling began */
    struct share_base reported;
    /* the plan, for specs and benchmarks */
    uint64_t gap_ns, length_ns, cap, digest_ns;
    double stack_every, object_ns, stack_ns, burst_ns, overhead_ns;
};

/* Registers the job. `call` asks for a visit soon, out of the job. Once, from Init. */
void allocation_sampler_init(void (*call)(void));

/* Stops or adapts according to the configuration, and does the work of a window that is due. True when there is something to do in
 * person. */
bool allocation_sampler_follow(const struct agent_config *config);

/* In person: starts if the configuration says so, has new objects put into the retained set, and has it surveyed if that is due. Where
 * interrupts wait (guarded_call.h). */
void allocation_sampler_visit(const struct agent_config *config);

/* Ends sampling; what was found can be read until it starts again. */
void allocation_sampler_stop(void);

/* The first other Ractor is about to start: ends for good where the VM does not bear both. */
void allocation_sampler_before_ractor(void);

/* In a forked child: nothing of the parent's; goes on if it was on. */
void allocation_sampler_after_fork(void);

struct sampler_status allocation_sampler_status(void);

/* What is found counts as reported from here on. */
void allocation_sampler_mark_reported(void);

/* In person: brings the retained set up to date. Where interrupts wait. */
void allocation_sampler_survey(void);

#endif
