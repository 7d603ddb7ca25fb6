/* An extension that takes every place for postponed jobs that the VM has left. None of its jobs is ever triggered by itself: whoever has
 * one called triggers a place that is not its own, and the process aborts. (The VM shifts a bit by the handle: what it answers where
 * there is no place means place 31.) */
#include <ruby.h>
#include <ruby/debug.h>
#include <stdio.h>
#include <stdlib.h>

/* The VM gives one place to each function. */
#define JOB(number)                                                                                          \
    static void job_##number(void *data)                                                                     \
    {                                                                                                        \
        (void)data;                                                                                          \
        fprintf(stderr, "job " #number " of another library was triggered\n");                               \
        abort();                                                                                             \
    }
#define FOUR(then, tens) then(tens##0) then(tens##1) then(tens##2) then(tens##3)
#define ALL(then)                                                                                            \
    FOUR(then, 1)                                                                                            \
    FOUR(then, 2) FOUR(then, 3) FOUR(then, 4) FOUR(then, 5) FOUR(then, 6) FOUR(then, 7) FOUR(then, 8)
#define NAME(number) job_##number,

ALL(JOB)

static void (*const jobs[])(void *) = {ALL(NAME)};

__attribute__((visibility("default"))) void Init_jobs_taken(void)
{
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        if (rb_postponed_job_preregister(0, jobs[i], NULL) == POSTPONED_JOB_HANDLE_INVALID) return;
    rb_raise(rb_eRuntimeError, "the VM has more places than there are jobs to fill them");
}
