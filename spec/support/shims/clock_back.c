/* A wall clock that somebody sets back by an hour every time the file named by SHIM_FLAG is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(clock, now);
    const char *flag = getenv("SHIM_FLAG");
    if (clock == CLOCK_REALTIME && flag && access(flag, F_OK) == 0) now->tv_sec -= 3600;
    return answer;
}
