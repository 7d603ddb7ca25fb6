/* The reporter thread and its counted starts and stops. It is a Ruby thread made in C, which lives without the GVL (see
 * reporter_loop.h).
 *
 * All functions are called with the GVL held; none raises into its caller, apart from what a caller's own thread is
 * interrupted with (Thread#raise, Thread#kill). */
#ifndef HEAP_PERISCOPE_REPORTER_H
#define HEAP_PERISCOPE_REPORTER_H

#include <stdbool.h>

void reporter_init(void);

/* Counts one start; the first one sets the thread up, a later one sets it up again if it has died. False when that failed. */
bool reporter_start(void);

/* Takes one start back; the last one ends the thread, flushes a last snapshot and says goodbye, within 250 ms even where the thread
 * or a name server hangs. False when nothing ran. */
bool reporter_stop(void);

/* At the end of the process: whatever the count, the same as the last stop. False when nothing ran. */
bool reporter_shutdown(void);

bool reporter_running_p(void);

/* The configuration has changed: have the thread look at it now. */
void reporter_wake(void);

/* The sampler has something to do in person: have the thread see to it. GVL, inside jobs, too. */
void reporter_call_for_visit(void);

/* In a forked child: a new life. Starts the thread again if it ran in the parent. */
void reporter_after_fork(void);

#endif
