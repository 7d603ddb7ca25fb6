#include "wire/gc_report_json.h"

#include "base/clock.h"

#include <stdio.h>

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

static void write_longest(yajl_gen json, const struct report *report)
{
    yajl_gen_array_open(json);
    for (size_t i = 0; i < report->longest_pause_count; i++) {
        const struct gc_pause *pause = &report->longest_pauses[i];
        yajl_gen_map_open(json);
        json_key_ms(json, "ms", pause->pause_ns);
        json_key_bool(json, "major", pause->major);
        if (pause->reason) json_key_string(json, "reason", pause->reason);
        if (report->pause_threads[i][0]) json_key_string(json, "thread", report->pause_threads[i]);
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
        write_longest(json, report);
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
