#include "vm/postponed_job.h"

#include "vm/arming.h"

#include <ruby.h>
#include <ruby/debug.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef HAVE_RB_POSTPONED_JOB_PREREGISTER

void postponed_job_init(struct postponed_job *job, void (*work)(void *))
{
    *job = (struct postponed_job){work, rb_postponed_job_preregister(0, work, NULL)};
}

/* There are 32 for all libraries of a process. */
bool postponed_job_possible_p(const struct postponed_job *job)
{
    return job->handle != POSTPONED_JOB_HANDLE_INVALID;
}

void postponed_job_trigger(const struct postponed_job *job)
{
    if (arming_open_p() && postponed_job_possible_p(job)) rb_postponed_job_trigger(job->handle);
}

#else

/* Before Ruby 3.3 jobs stand in places of an array, and whoever registers one first takes a place and then writes function and argument
 * into it, one after the other. Without the GVL the VM may run the job in between, and register another in the same place. So
 * every mixture has to be harmless:
 * - A place never used before holds whatever malloc left there. Those that are ever used get a job of ours first.
 * - A function of another with our argument: the VM's one job is gc_finalize_deferred, whose argument is the object space. It gets
 *   zeros as large as one, finds nothing to finalize in them, and is registered again by the next sweep.
 * - Our function with another's argument: it looks at none.
 * docs/reliability.md has the whole story. */
#define OBJECT_SPACE_BYTES (64 * 1024)

/* Far fewer than there are (1 000): the VM's own job goes past the end of a full array. */
#define PLACES             64

static _Alignas(max_align_t) char nothing[OBJECT_SPACE_BYTES];

static void fill_places(void (*work)(void *))
{
    static bool filled;
    for (int i = 0; !filled && i < PLACES; i++)
        rb_postponed_job_register(0, work, nothing);
    filled = true;
}

void postponed_job_init(struct postponed_job *job, void (*work)(void *))
{
    *job = (struct postponed_job){.work = work};
    fill_places(work);
}

bool postponed_job_possible_p(const struct postponed_job *job)
{
    return job->work;
}

void postponed_job_trigger(const struct postponed_job *job)
{
    if (arming_open_p()) rb_postponed_job_register_one(0, job->work, nothing);
}

#endif
