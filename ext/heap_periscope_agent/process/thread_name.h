/* The system's name of a thread of this process. No Ruby API, any thread; reads a file, so never with the GVL held. */
#ifndef HEAP_PERISCOPE_THREAD_NAME_H
#define HEAP_PERISCOPE_THREAD_NAME_H

#include <stddef.h>
#include <stdint.h>

/* As long as Linux keeps one, its NUL included. */
#define THREAD_NAME_BYTES 16

/* Ruby sets it for named threads on Linux; "" where it is not known. */
void thread_name_read(uint64_t thread_id, char *name, size_t size);

#endif
