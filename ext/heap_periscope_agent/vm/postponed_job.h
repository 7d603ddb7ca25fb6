/* A job that the VM runs on the program's running thread, at its next safepoint. It may run once too often or, seldom, not at all:
 * whoever triggers one looks whether it has been run. */
#ifndef HEAP_PERISCOPE_POSTPONED_JOB_H
#define HEAP_PERISCOPE_POSTPONED_JOB_H

#include <stdbool.h>

struct postponed_job {
    void (*work)(void *); /* its argument means nothing */
    unsigned handle;      /* from Ruby 3.3 on */
};

/* Once for each job, from Init. GVL. */
void postponed_job_init(struct postponed_job *job, void (*work)(void *));

/* False where other libraries have taken all the places: the job never runs. Any thread. */
bool postponed_job_possible_p(const struct postponed_job *job);

/* Any thread, with or without the GVL, known to Ruby or not, inside hooks too. Does nothing while arming is closed (arming.h). */
void postponed_job_trigger(const struct postponed_job *job);

#endif
