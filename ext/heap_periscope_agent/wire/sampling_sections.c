#include "wire/sampling_sections.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void key_count(yajl_gen json, const char *key, double count)
{
    json_key_unsigned(json, key, count > 0 ? (uint64_t)llround(count) : 0);
}

/* Shares need more than the three decimals of json_key_float. */
static void key_share(yajl_gen json, const char *key, double share)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%.6f", isfinite(share) ? share : 0.0);
    json_string(json, key);
    yajl_gen_number(json, text, (size_t)length);
}

static const char *state_name(enum sampler_state state)
{
    switch (state) {
    case SAMPLER_ON: return "on";
    case SAMPLER_BACKING_OFF: return "backing_off";
    case SAMPLER_REFUSED: return "refused";
    default: return "off";
    }
}

void sampling_status_write(const struct sampler_status *status, const struct share_base *base, yajl_gen json)
{
    yajl_gen_map_open(json);
    json_key_string(json, "state", state_name(status->state));
    if (status->reason) json_key_string(json, "reason", status->reason);
    json_key_unsigned(json, "windows", status->windows);
    json_key_unsigned(json, "sampled_objects", status->sampled_objects);
    json_key_unsigned(json, "stacks", status->stacks);
    json_key_unsigned(json, "stacks_missed", status->samples_missed);
    json_key_unsigned(json, "allocated_objects", base->allocated);
    json_key_float(json, "since_s", status->since_s);
    key_share(json, "cost_share", status->cost_share);
    json_key_unsigned(json, "sites_evicted", status->stacks_evicted);
    json_key_unsigned(json, "retained_watched", status->retained_watched);
    json_key_unsigned(json, "retained_missed", status->retained_missed);
    json_key_string(json, "retained_state",
                    status->retained          ? "on"
                    : status->retained_reason ? "refused"
                                              : "off");
    if (status->retained_reason) json_key_string(json, "retained_reason", status->retained_reason);
    yajl_gen_map_close(json);
}

static void write_text(const struct sampling_rows *rows, const char *key, uint32_t offset, yajl_gen json)
{
    json_key_string(json, key, sampling_text(rows, offset));
}

static void write_stack(const struct sampling_rows *rows, const struct sampling_row *row, yajl_gen json)
{
    const char *line = sampling_text(rows, row->stack);
    if (!row->stack_lines) return;
    json_string(json, "stack");
    yajl_gen_array_open(json);
    for (uint16_t i = 0; i < row->stack_lines; i++, line += strlen(line) + 1)
        json_string(json, line);
    yajl_gen_array_close(json);
}

static void write_place(const struct sampling_rows *rows, const struct sampling_row *row, yajl_gen json)
{
    if (row->class_name) write_text(rows, "class_name", row->class_name, json);
    if (row->path && *sampling_text(rows, row->path)) { /* else nothing but methods in C */
        write_text(rows, "path", row->path, json);
        json_key_integer(json, "line", row->line);
    }
    if (row->method) write_text(rows, "method", row->method, json);
    if (row->span_type) {
        write_text(rows, "type", row->span_type, json);
        write_text(rows, "name", row->span_name, json);
    }
}

static void write_retention(const struct sampling_row *row, yajl_gen json)
{
    key_count(json, "bytes", row->bytes);
    json_key_unsigned(json, "watched", row->watched);
    json_string(json, "ages");
    yajl_gen_map_open(json);
    key_count(json, "young", row->ages[AGE_YOUNG]);
    key_count(json, "middle", row->ages[AGE_MIDDLE]);
    key_count(json, "old", row->ages[AGE_OLD]);
    yajl_gen_map_close(json);
    json_string(json, "lifetimes");
    yajl_gen_array_open(json);
    for (size_t i = 0; i < SITE_LIFETIMES; i++) {
        yajl_gen_map_open(json);
        json_string(json, "le_s");
        json_float(json, retained_lifetime_bounds_s[i]); /* null for the last */
        key_count(json, "objects", row->deaths[i]);
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

void sampling_row_write(const struct sampling_rows *rows, size_t index, bool retained, yajl_gen json)
{
    const struct sampling_row *row = &rows->rows[index];
    yajl_gen_map_open(json);
    write_place(rows, row, json);
    key_count(json, "objects", row->objects);
    key_count(json, "standard_error", row->objects_error);
    key_share(json, "share", row->share);
    if (retained) write_retention(row, json);
    write_stack(rows, row, json);
    yajl_gen_map_close(json);
}

/* Entries of an array. */
static void write_rows(const struct sampling_rows *rows, const char *name, bool retained, yajl_gen json,
                       struct json_parts *parts)
{
    json_parts_open(parts, name, '[', false);
    for (size_t i = 0; i < rows->count; i++) {
        const unsigned char *text;
        size_t length;
        sampling_row_write(rows, i, retained, json);
        yajl_gen_get_buf(json, &text, &length);
        json_parts_add(parts, (const char *)text, length);
        json_restart(json);
    }
    json_parts_close(parts);
}

void sampling_sections_write(const struct sampling_report *report, yajl_gen json, struct json_parts *parts)
{
    if (!report) return;
    struct share_base base = share_base_since(&report->status.base, &report->status.reported);
    const unsigned char *text;
    size_t length;
    sampling_status_write(&report->status, &base, json);
    yajl_gen_get_buf(json, &text, &length);
    json_parts_value(parts, "allocation_sampling", (const char *)text, length);
    json_restart(json);
    write_rows(&report->allocations, "allocation_sites", false, json, parts);
    write_rows(&report->retained, "retained_sites", true, json, parts);
}
