/* All of the VM's places for postponed jobs are taken when the agent asks for one. Aborts where a place is triggered that nobody got. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define INVALID (~0u)

unsigned rb_postponed_job_preregister(unsigned flags, void (*work)(void *), void *data)
{
    static unsigned (*real)(unsigned, void (*)(void *), void *);
    Dl_info caller;
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "rb_postponed_job_preregister");
    if (dladdr(__builtin_return_address(0), &caller) && strstr(caller.dli_fname, "heap_periscope_agent.so")) return INVALID;
    return real(flags, work, data);
}

void rb_postponed_job_trigger(unsigned handle)
{
    static void (*real)(unsigned);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "rb_postponed_job_trigger");
    if (handle == INVALID) abort();
    real(handle);
}
