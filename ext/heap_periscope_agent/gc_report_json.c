#include "gc_report_json.h"

#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DETAILED_PAUSES 20

static void write_info(yajl_gen json, const struct gc_info *info)
{
    yajl_gen_map_open(json);
    for (size_t i = 0; i < info->count; i++) {
        json_string(json, info->fields[i].key);
        switch (info->fields[i].kind) {
        case GC_INFO_NIL: yajl_gen_null(json); break;
        case GC_INFO_TRUE: yajl_gen_bool(json, 1); break;
        case GC_INFO_FALSE: yajl_gen_bool(json, 0); break;
        case GC_INFO_INTEGER: json_integer(json, info->fields[i].integer); break;
        case GC_INFO_NAME: json_string(json, info->fields[i].name); break;
        }
    }
    yajl_gen_map_close(json);
}

/* The system's name of a thread of this process, which Ruby sets for named threads on Linux; "" where it is not known. */
static void thread_name(uint64_t thread_id, char *name, size_t size)
{
    name[0] = '\0';
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%llu/comm", (unsigned long long)thread_id);
    FILE *file = fopen(path, "re");
    if (!file) return;
    if (fgets(name, (int)size, file)) name[strcspn(name, "\n")] = '\0';
    fclose(file);
}

static int longest_first(const void *left, const void *right)
{
    uint64_t a = ((const struct gc_pause *)left)->pause_ns, b = ((const struct gc_pause *)right)->pause_ns;
    return a < b ? 1 : a > b ? -1 : 0;
}

static void write_details(yajl_gen json, const struct report *report)
{
    struct gc_pause sorted[REPORT_GC_PAUSES];
    memcpy(sorted, report->gc_pauses, report->gc_pause_count * sizeof *sorted);
    qsort(sorted, report->gc_pause_count, sizeof *sorted, longest_first);

    yajl_gen_array_open(json);
    for (size_t i = 0; i < report->gc_pause_count && i < DETAILED_PAUSES; i++) {
        char name[64];
        thread_name(sorted[i].thread_id, name, sizeof name);
        yajl_gen_map_open(json);
        json_key_ms(json, "ms", sorted[i].pause_ns);
        json_key_bool(json, "major", sorted[i].major);
        if (sorted[i].reason) json_key_string(json, "reason", sorted[i].reason);
        if (name[0]) json_key_string(json, "thread", name);
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

/* The one value the generator holds becomes the section `name`. */
static void write_value(struct json_parts *parts, yajl_gen json, const char *name)
{
    const unsigned char *text;
    size_t length;
    yajl_gen_get_buf(json, &text, &length);
    json_parts_value(parts, name, (const char *)text, length);
    json_restart(json);
}

void gc_report_write(const struct report *report, struct json_parts *parts)
{
    yajl_gen json = yajl_gen_alloc(NULL);
    if (!json) {
        parts->out_of_memory = true;
        return;
    }
    json_float(json, (double)report->gc_time_ns / NS_PER_MS);
    write_value(parts, json, "gc_duration_since_last_check_ms");
    json_unsigned(json, report->collections);
    write_value(parts, json, "gc_invocation_count");
    write_info(json, &report->gc_info);
    write_value(parts, json, "latest_gc_info");
    yajl_gen_array_open(json);
    for (size_t i = 0; i < report->gc_pause_count; i++)
        json_float(json, (double)report->gc_pauses[i].pause_ns / NS_PER_MS);
    yajl_gen_array_close(json);
    write_value(parts, json, "pauses_ms");
    if (report->single_pauses) {
        write_details(json, report);
        write_value(parts, json, "pauses");
    }
    yajl_gen_free(json);
}

void gc_goodbye_write(const struct report *report, struct json_parts *parts)
{
    char text[64];
    int length = snprintf(text, sizeof text, "\"%s\"", report->reason ? report->reason : "exit");
    json_parts_value(parts, "reason", text, (size_t)length);
}
