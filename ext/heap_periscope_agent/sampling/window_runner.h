/* Runs the windows of allocation sampling: opens and closes them as the timer says, digests what they saw, and tells the governor what
 * all of it has cost.
 *
 * The timer triggers one postponed job; the job closes the window that is due, digests it and opens the next. A window ends at
 * the safepoint after its time has passed, so that its end is drawn like its beginning and no part of the program is seen more
 * often than it is passed through; the hook ends one by itself that sees far more objects than any before.
 *
 * GVL, main Ractor, outside of hooks; nothing here raises or calls methods, so all of it may run inside a job. */
#ifndef HEAP_PERISCOPE_WINDOW_RUNNER_H
#define HEAP_PERISCOPE_WINDOW_RUNNER_H

#include "sampling/sampling_governor.h"
#include "sampling/share_estimate.h"

struct window_figures {
    uint64_t began_ns; /* 0: never */
    uint64_t windows;  /* that saw something */
    uint64_t sampled_objects, stacks, samples_missed;
    uint64_t digest_ns;     /* time of all digestions */
    struct share_base base; /* since sampling began */
    const struct sampling_governor *governor;
};

/* Registers the job, which calls `digested` after every window. Once, from Init. */
void window_runner_init(void (*digested)(void));

/* False where no job of ours can run, so no window is ever opened. GVL. */
bool window_runner_possible_p(void);

/* Makes the hook and measures what it costs. Windows must be off. May raise. */
void window_runner_prepare(void);

/* Counts anew and opens windows from now on. False when the system gives no thread for the timer. */
bool window_runner_start(double budget, int stack_depth);
void window_runner_adapt(double budget, int stack_depth);
void window_runner_stop(void);

/* In a forked child, which has no timer: windows are off. */
void window_runner_after_fork(void);

/* Does the work of a due window now, on a program that runs no jobs because it waits. */
void window_runner_attend(void);

/* Processor time that sampling took beside the windows. */
void window_runner_charge(uint64_t cpu_ns);

struct window_figures window_runner_figures(void);

/* For specs: a plan that no budget changes. */
void window_runner_fix_plan(uint64_t gap_ns, uint64_t length_ns, double stack_every);

#endif
