/* A turn under the GVL for the reporter thread, which otherwise lives without it.
 *
 * In a busy process a thread that asks for the GVL waits 100 ms for every thread that computes, while a postponed job runs on
 * the computing thread itself within a few milliseconds. In an idle process jobs do not run at all, but the GVL is there for the
 * taking. So a turn is offered both ways, and whichever comes first does the work. */
#ifndef HEAP_PERISCOPE_GVL_TURN_H
#define HEAP_PERISCOPE_GVL_TURN_H

#include <stdbool.h>

/* Work of one turn. It runs with the GVL held, on whatever thread: it must be short, must not raise, and must call no Ruby code
 * while `gvl_turn_in_job`: there a Timeout or Thread#kill that reaches the program's thread meanwhile would be lost, and
 * the thread could be switched away in the middle of the turn. */
typedef void (*gvl_turn_work)(void *argument);

/* Registers the one postponed job. Once, from Init. GVL. */
void gvl_turn_init(void);

/* Before the first turn of a reporter thread and after its last one. No GVL needed. */
void gvl_turn_start(void);
void gvl_turn_stop(void);

/* Runs `work` and returns when it is done. Only for reporter threads, without the GVL: one at a time gets its turn, where one that was
 * told to end still does its last work. */
void gvl_turn_run(gvl_turn_work work, void *argument);

/* Runs `work` on the reporter's own thread, however long it has to wait for the GVL. For work that calls Ruby code, guarded. Only for
 * the reporter thread, without the GVL, whose interrupts wait: one that came through would jump over what is held here. */
void gvl_turn_in_person(gvl_turn_work work, void *argument);

/* True once when an interrupt waits for the thread that took a turn in person: it should return to the VM (guarded_call.h). Reporter thread. */
bool gvl_turn_interrupted(void);

/* True inside a turn that a postponed job took, on a thread of the program. GVL. */
bool gvl_turn_in_job(void);

/* True while a thread of ours wants the GVL and has not got back from it. Any thread. */
bool gvl_turn_pending(void);

/* True while turns are taken by postponed jobs, that is, while the program computes. Reporter thread. */
bool gvl_turn_busy(void);

/* Around fork. `gvl_turn_reset` is for the child: a turn of the parent is not the child's. */
void gvl_turn_lock(void);
void gvl_turn_unlock(void);
void gvl_turn_reset(void);

#endif
