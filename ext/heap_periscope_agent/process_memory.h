/* Memory of this process as the system sees it. No Ruby API, no GVL, any thread; takes from 10 µs to some ms (the kernel adds up
 * all mappings for PSS), so it is never called with the GVL held. */
#ifndef HEAP_PERISCOPE_PROCESS_MEMORY_H
#define HEAP_PERISCOPE_PROCESS_MEMORY_H

#include <stdint.h>

/* -1: the system does not tell. */
struct process_memory {
    int64_t rss_bytes, pss_bytes, shared_bytes, private_bytes, swap_bytes;
};

/* All of it, as of now. */
void process_memory_collect(struct process_memory *memory);

/* The same for one who asks again and again: while the last full reading is paid off, only what costs nothing (RSS) is as of now.
 * Zeroed at first. One thread. */
struct process_memory_watch {
    struct process_memory last;
    uint64_t due_ns, readings;
};

void process_memory_follow(struct process_memory_watch *watch);

#endif
