#include "process/thread_name.h"

#include <stdio.h>
#include <string.h>

void thread_name_read(uint64_t thread_id, char *name, size_t size)
{
    name[0] = '\0';
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%llu/comm", (unsigned long long)thread_id);
    FILE *file = fopen(path, "re");
    if (!file) return;
    if (fgets(name, (int)size, file)) name[strcspn(name, "\n")] = '\0';
    fclose(file);
}
