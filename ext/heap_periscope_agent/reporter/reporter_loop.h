/* What the reporter thread does: waits without the GVL, takes short turns under it to copy figures, and encodes and sends on its
 * own time. One loop is one life of the thread, which owns it. */
#ifndef HEAP_PERISCOPE_REPORTER_LOOP_H
#define HEAP_PERISCOPE_REPORTER_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct reporter_loop;

/* NULL when there is no memory. GVL. */
struct reporter_loop *reporter_loop_new(void);

/* Works until it is stopped or interrupted; may be run again after an interruption. Only the reporter thread, without the GVL. */
void *reporter_loop_run(void *loop);

/* After it has returned: what to give to rb_jump_tag (guarded_call_of_program), or 0. Only the reporter thread. */
int reporter_loop_ended_by(const struct reporter_loop *loop);

/* Waits so long, or until it is stopped or interrupted. Only the reporter thread, without the GVL. */
void reporter_loop_rest(struct reporter_loop *loop, uint64_t for_ns);

/* The unblocking function of both: the VM wants the thread. Any thread. */
void reporter_loop_interrupt(void *loop);

/* Something has changed: look at it now. Any thread while the loop lives. */
void reporter_loop_wake(struct reporter_loop *loop);

/* The sampler waits for a visit in person. Any thread while the loop lives. */
void reporter_loop_call(struct reporter_loop *loop);

/* Ends the loop for good; what it has already collected is still sent. Any thread while the loop lives. */
void reporter_loop_stop(struct reporter_loop *loop);
bool reporter_loop_stopping_p(struct reporter_loop *loop);

/* From here on it sends nothing: the last words are another's. Any thread while the loop lives. */
void reporter_loop_silence(struct reporter_loop *loop);

/* In a forked child, which has the memory of the loop but not its thread: its reports may be half written and are left alone,
 * its censuses were made under the GVL and are ended. GVL. */
void reporter_loop_abandon_censuses(struct reporter_loop *loop);

/* GVL, and the thread no longer runs it. */
void reporter_loop_free(struct reporter_loop *loop);

#endif
