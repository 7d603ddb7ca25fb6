/* Memory of this process as the system sees it. No Ruby API, no GVL, any thread; takes from 10 µs to some ms (the kernel adds up
 * all mappings for PSS), so it is never called with the GVL held. */
#ifndef HEAP_PERISCOPE_PROCESS_MEMORY_H
#define HEAP_PERISCOPE_PROCESS_MEMORY_H

#include <stdint.h>

/* -1: the system does not tell. */
struct process_memory {
    int64_t rss_bytes, pss_bytes, shared_bytes, private_bytes, swap_bytes;
};

void process_memory_collect(struct process_memory *memory);

#endif
