/* The collector takes whatever lies on a thread's machine stack for a reference. Calls that have returned leave words behind, which calls
 * to come may have in their frames without ever writing there. Whoever handled addresses of objects that nobody may hold cleans up. */
#ifndef HEAP_PERISCOPE_STACK_SCRUB_H
#define HEAP_PERISCOPE_STACK_SCRUB_H

#include <stddef.h>

#define STACK_SCRUB_BYTES 4096

/* Overwrites what calls made before this one have left below. Any thread. */
static __attribute__((noinline)) void stack_scrub(void)
{
    volatile char left[STACK_SCRUB_BYTES];
    for (size_t i = 0; i < sizeof left; i += sizeof(size_t))
        *(volatile size_t *)(void *)((char *)left + i) = 0;
}

#endif
