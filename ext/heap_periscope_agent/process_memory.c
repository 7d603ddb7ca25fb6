#include "process_memory.h"

#include <stdio.h>
#include <string.h>

#ifdef __APPLE__
#include <mach/mach.h>

void process_memory_collect(struct process_memory *memory)
{
    *memory = (struct process_memory){-1, -1, -1, -1, -1};
    mach_task_basic_info_data_t info;
    mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
    if (task_info(mach_task_self(), MACH_TASK_BASIC_INFO, (task_info_t)&info, &count) == KERN_SUCCESS)
        memory->rss_bytes = (int64_t)info.resident_size;
}

#else

static void add_kilobytes(int64_t *bytes, long kilobytes)
{
    if (*bytes < 0) *bytes = 0;
    *bytes += (int64_t)kilobytes * 1024;
}

static void read_line(struct process_memory *memory, const char *line)
{
    long kilobytes;
    if (sscanf(line, "Rss: %ld kB", &kilobytes) == 1) add_kilobytes(&memory->rss_bytes, kilobytes);
    if (sscanf(line, "Pss: %ld kB", &kilobytes) == 1) add_kilobytes(&memory->pss_bytes, kilobytes);
    if (sscanf(line, "Swap: %ld kB", &kilobytes) == 1) add_kilobytes(&memory->swap_bytes, kilobytes);
    if (sscanf(line, "Shared_Clean: %ld kB", &kilobytes) == 1 ||
        sscanf(line, "Shared_Dirty: %ld kB", &kilobytes) == 1)
        add_kilobytes(&memory->shared_bytes, kilobytes);
    if (sscanf(line, "Private_Clean: %ld kB", &kilobytes) == 1 ||
        sscanf(line, "Private_Dirty: %ld kB", &kilobytes) == 1)
        add_kilobytes(&memory->private_bytes, kilobytes);
}

/* Kernels before 4.14, and some containers, have no smaps_rollup. */
static void read_status(struct process_memory *memory)
{
    FILE *file = fopen("/proc/self/status", "re");
    if (!file) return;
    char line[256];
    long kilobytes;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "VmRSS: %ld kB", &kilobytes) == 1) add_kilobytes(&memory->rss_bytes, kilobytes);
        if (sscanf(line, "VmSwap: %ld kB", &kilobytes) == 1) add_kilobytes(&memory->swap_bytes, kilobytes);
    }
    fclose(file);
}

void process_memory_collect(struct process_memory *memory)
{
    *memory = (struct process_memory){-1, -1, -1, -1, -1};
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    if (file) {
        char line[256];
        while (fgets(line, sizeof line, file))
            read_line(memory, line);
        fclose(file);
    }
    if (memory->rss_bytes < 0) read_status(memory);
}

#endif
