/* A bare pthread that does one thing: trigger a postponed job when asked to.
 *
 * It cannot be the reporter's own thread: from Ruby 3.3 on, a job triggered by a thread that Ruby knows is noted for that
 * thread, even while it lives without the GVL, and not for the one that runs Ruby code (seen on 3.3.14). All signals are
 * blocked in it; it never touches Ruby objects. */
#ifndef HEAP_PERISCOPE_JOB_TRIGGER_H
#define HEAP_PERISCOPE_JOB_TRIGGER_H

#include <stdbool.h>

/* `trigger` must be safe on a thread that Ruby does not know. Once, from Init. */
void job_trigger_init(void (*trigger)(void));

/* Starts the thread unless it runs. Counted. False when the system has no thread to give or arming is closed (arming.h). */
bool job_trigger_start(void);

/* The last of as many stops as starts ends the thread and waits for it, which takes no time. */
void job_trigger_stop(void);

/* The same whatever the count, at the end of the VM. */
void job_trigger_end(void);

/* Has the job triggered; returns at once. False when the thread does not run. */
bool job_trigger_fire(void);

/* Around fork. The child has no such thread. */
void job_trigger_lock(void);
void job_trigger_unlock(void);
void job_trigger_reset(void);

#endif
