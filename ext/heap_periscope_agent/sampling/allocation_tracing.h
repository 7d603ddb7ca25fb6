/* Whether the program counts its allocations one by one (ObjectSpace.trace_object_allocations, on which memory_profiler stands). What can
 * wait then waits, so that no object of ours is among those that it counts. In person; may raise. GVL. */
#ifndef HEAP_PERISCOPE_ALLOCATION_TRACING_H
#define HEAP_PERISCOPE_ALLOCATION_TRACING_H

#include <stdbool.h>

bool allocation_tracing_p(void);

#endif
