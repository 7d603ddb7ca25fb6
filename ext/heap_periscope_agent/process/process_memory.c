#include "process/process_memory.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A full reading is followed by so many times its own length without one: at most 0.2 % of a core. */
#define REST 500

#ifdef __APPLE__
#include <mach/mach.h>

static void read_all(struct process_memory *memory)
{
    *memory = (struct process_memory){-1, -1, -1, -1, -1};
    mach_task_basic_info_data_t info;
    mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
    if (task_info(mach_task_self(), MACH_TASK_BASIC_INFO, (task_info_t)&info, &count) == KERN_SUCCESS)
        memory->rss_bytes = (int64_t)info.resident_size;
}

static void read_rss(struct process_memory *memory)
{
    read_all(memory);
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

static void read_all(struct process_memory *memory)
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

/* The kernel keeps this sum, the others it makes by going through every page. */
static void read_rss(struct process_memory *memory)
{
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return;
    long pages;
    if (fscanf(file, "%*s %ld", &pages) == 1) memory->rss_bytes = (int64_t)pages * sysconf(_SC_PAGESIZE);
    fclose(file);
}

#endif

void process_memory_follow(struct process_memory_watch *watch)
{
    if (monotonic_ns() < watch->due_ns) {
        read_rss(&watch->last);
        return;
    }
    uint64_t began_ns = thread_cpu_ns();
    read_all(&watch->last);
    watch->due_ns = monotonic_ns() + REST * (thread_cpu_ns() - began_ns);
}
