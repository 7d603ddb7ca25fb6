/* Development builds tell the specs when a hook of ours runs inside the collector or the allocator, so that a library put before the C
 * library (spec/support/shims/malloc_guard.c) can see that nothing in there asks for memory. Nothing in a release. */
#ifndef HEAP_PERISCOPE_HOOK_GUARD_H
#define HEAP_PERISCOPE_HOOK_GUARD_H

#ifdef HEAP_PERISCOPE_TESTING
extern void (*hook_guard)(int inside);
#define HOOK_BEGINS()                                                                                        \
    do {                                                                                                     \
        if (hook_guard) hook_guard(1);                                                                       \
    } while (0)
#define HOOK_ENDS()                                                                                          \
    do {                                                                                                     \
        if (hook_guard) hook_guard(0);                                                                       \
    } while (0)
#else
#define HOOK_BEGINS() ((void)0)
#define HOOK_ENDS()   ((void)0)
#endif

#endif
