#include "wire/span_sections.h"

#include <stdio.h>
#include <string.h>

void span_size_text(uint64_t bytes, char *text, size_t room)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    double size = (double)bytes;
    size_t unit = 0;

    while (size >= 1024.0 && unit < sizeof units / sizeof *units - 1) {
        size /= 1024.0;
        unit++;
    }
    if (bytes) {
        snprintf(text, room, "%.2f %s", size, units[unit]);
    } else {
        snprintf(text, room, "0 B");
    }
}

static void write_live(yajl_gen json, const char *key, const struct span_live *live)
{
    char size[32];

    json_string(json, key);
    yajl_gen_array_open(json);
    for (size_t i = 0; i < live->length; i++) {
        const struct span_live_class *class = &live->classes[i];
        span_size_text(class->bytes, size, sizeof size);
        yajl_gen_map_open(json);
        json_key_string(json, "name", class->name);
        json_key_string(json, "type", class->platform ? "native" : "application");
        json_key_unsigned(json, "count", class->count);
        json_key_string(json, "size", size);
        json_key_unsigned(json, "bytes", class->bytes);
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

static void write_row(yajl_gen json, const struct span_row *row)
{
    yajl_gen_map_open(json);
    json_key_string(json, "name", row->entry->name);
    if (row->live) {
        write_live(json, "live_objects", row->live);
        json_key_time(json, "measured_at", row->live->measured_at_ns);
    }
    if (row->survivors) write_live(json, "survivors", row->survivors);
    json_key_unsigned(json, "calls", row->delta.calls);
    json_key_unsigned(json, "errors", row->delta.errors);
    json_key_ms(json, "wall_ms", row->delta.wall_ns);
    json_key_unsigned(json, "allocated_objects", row->delta.allocated_objects);
    json_key_string(json, "allocated_by", "process");
    json_key_ms(json, "gc_time_ms", row->delta.gc_ns);
    yajl_gen_map_close(json);
}

/* Types are interned, so one pointer stands for one type. */
static bool is_first_of_type(const struct span_row *rows, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (rows[i].entry->type == rows[index].entry->type) return false;
    }
    return true;
}

static void write_type(const struct span_row *rows, size_t first, size_t count, yajl_gen json)
{
    yajl_gen_map_open(json);
    json_string(json, rows[first].entry->type);
    yajl_gen_array_open(json);
    for (size_t i = first; i < count; i++) {
        if (rows[i].entry->type == rows[first].entry->type) write_row(json, &rows[i]);
    }
    yajl_gen_array_close(json);
    yajl_gen_map_close(json);
}

void span_sections_write(const struct span_row *rows, size_t count, yajl_gen json, struct json_parts *parts)
{
    json_parts_open(parts, "living_objects_by_spans", '{', true);
    for (size_t i = 0; i < count; i++) {
        const unsigned char *text;
        size_t length;
        if (!is_first_of_type(rows, i)) continue;
        write_type(rows, i, count, json);
        yajl_gen_get_buf(json, &text, &length);
        json_parts_add(parts, (const char *)text + 1, length - 2);
        json_restart(json);
    }
    json_parts_close(parts);
}
