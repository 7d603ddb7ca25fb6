/* Memory of this process as the system sees it. No Ruby API, no GVL, any thread; takes from 10 µs to some ms (the kernel adds up
 * all mappings for PSS), so it is never called with the GVL held. */
#ifndef HEAP_PERISCOPE_PROCESS_MEMORY_H
#define HEAP_PERISCOPE_PROCESS_MEMORY_H

#include <stdint.h>

/* -1: the system does not tell. */
struct process_memory {
    int64_t rss_bytes, pss_bytes, shared_bytes, private_bytes, swap_bytes;
};

/* What one who asks again and again keeps. Zeroed at first; one thread. */
struct process_memory_watch {
    struct process_memory last;
    uint64_t due_ns; /* of the next full reading */
};

/* Brings `last` up to date: all of it, or, while the last full reading is paid off, only what costs nothing (RSS). */
void process_memory_follow(struct process_memory_watch *watch);

#endif
