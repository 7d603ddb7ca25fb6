#include "wire/leak_sections.h"

#include "leaks/leak_sentence.h"
#include "spans/span_table.h"

#include <stdlib.h>
#include <string.h>

static const char *const confidence_names[] = {
    [LEAK_NONE] = "none", [LEAK_LOW] = "low", [LEAK_MEDIUM] = "medium", [LEAK_HIGH] = "high"};

static void write_sites(yajl_gen json, const struct retained_origins *origins)
{
    json_string(json, "sites");
    yajl_gen_array_open(json);
    for (size_t i = 0; i < origins->site_count; i++) {
        const struct retained_site_share *site = &origins->sites[i];
        yajl_gen_map_open(json);
        if (*site->path) {
            json_key_string(json, "path", site->path);
            json_key_integer(json, "line", site->line);
        }
        if (*site->method) json_key_string(json, "method", site->method);
        json_key_float(json, "share", site->share);
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

static void write_spans(yajl_gen json, const struct retained_origins *origins)
{
    json_string(json, "spans");
    yajl_gen_array_open(json);
    for (size_t i = 0; i < origins->span_count; i++) {
        yajl_gen_map_open(json);
        json_key_string(json, "type", origins->spans[i].span->type);
        json_key_string(json, "name", origins->spans[i].span->name);
        json_key_float(json, "share", origins->spans[i].share);
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

static void write_stack(yajl_gen json, const struct retained_origins *origins)
{
    json_string(json, "stack");
    yajl_gen_array_open(json);
    for (size_t i = 0; i < origins->stack_lines; i++)
        json_string(json, origins->stack[i]);
    yajl_gen_array_close(json);
}

static void write_suspect(yajl_gen json, const struct leak_suspect *suspect)
{
    char sentence[LEAK_SENTENCE_BYTES];
    leak_sentence_write(suspect, sentence, sizeof sentence);
    yajl_gen_map_open(json);
    json_key_string(json, "class_name", suspect->class_name);
    json_key_string(json, "confidence", confidence_names[suspect->confidence]);
    json_key_float(json, "objects_per_hour", suspect->objects_per_hour);
    json_key_float(json, "objects_per_hour_error", suspect->objects_per_hour_error);
    json_key_float(json, "bytes_per_hour", suspect->bytes_per_hour);
    json_key_float(json, "bytes_per_hour_error", suspect->bytes_per_hour_error);
    json_key_time(json, "since", suspect->since.realtime_ns);
    json_key_unsigned(json, "count", suspect->count);
    json_key_unsigned(json, "bytes", suspect->bytes);
    write_sites(json, &suspect->origins);
    write_spans(json, &suspect->origins);
    write_stack(json, &suspect->origins);
    json_key_string(json, "sentence", sentence);
    yajl_gen_map_close(json);
}

void leak_sections_write(const struct leak_suspect_list *list, yajl_gen json, struct json_parts *parts)
{
    json_parts_open(parts, "leak_suspects", '[', false);
    for (size_t i = 0; i < list->count; i++) {
        const unsigned char *text;
        size_t length;
        write_suspect(json, &list->suspects[i]);
        yajl_gen_get_buf(json, &text, &length);
        json_parts_add(parts, (const char *)text, length);
        json_restart(json);
    }
    json_parts_close(parts);
}

char *leak_sections_text(const struct leak_suspect_list *list, size_t *length)
{
    yajl_gen json = yajl_gen_alloc(NULL);
    if (!json) return NULL;
    yajl_gen_array_open(json);
    for (size_t i = 0; i < list->count; i++)
        write_suspect(json, &list->suspects[i]);
    yajl_gen_array_close(json);

    const unsigned char *bytes;
    char *text = NULL;
    if (yajl_gen_get_buf(json, &bytes, length) == yajl_gen_status_ok && (text = malloc(*length + 1)))
        memcpy(text, bytes, *length);
    yajl_gen_free(json);
    return text;
}
