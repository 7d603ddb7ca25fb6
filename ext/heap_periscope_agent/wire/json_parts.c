#include "wire/json_parts.h"

#include <stdlib.h>
#include <string.h>

/* A section is not begun where less than this is left for its entries. */
#define FIRST_ENTRY 32

void json_parts_init(struct json_parts *parts, size_t limit, size_t ceiling)
{
    *parts = (struct json_parts){.limit = limit, .ceiling = ceiling > limit ? ceiling : limit};
}

void json_parts_free(struct json_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        free(parts->parts[i].bytes);
    free(parts->parts);
    *parts = (struct json_parts){0};
}

static struct json_text *new_part(struct json_parts *parts)
{
    if (parts->count == parts->capacity) {
        size_t capacity = parts->capacity ? parts->capacity * 2 : 4;
        struct json_text *larger = realloc(parts->parts, capacity * sizeof *larger);
        if (!larger) return NULL;
        parts->parts = larger;
        parts->capacity = capacity;
    }
    parts->parts[parts->count] = (struct json_text){0};
    return &parts->parts[parts->count++];
}

static struct json_text *current_part(struct json_parts *parts)
{
    struct json_text *part = parts->count ? &parts->parts[parts->count - 1] : new_part(parts);
    if (!part) parts->out_of_memory = true;
    return part;
}

static void append(struct json_parts *parts, const char *bytes, size_t length)
{
    struct json_text *text = current_part(parts);
    if (!text || parts->out_of_memory) return;
    if (text->length + length > text->capacity) {
        size_t capacity = text->capacity ? text->capacity * 2 : 4096;
        while (capacity < text->length + length)
            capacity *= 2;
        char *larger = realloc(text->bytes, capacity);
        if (!larger) {
            parts->out_of_memory = true;
            return;
        }
        text->bytes = larger;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void append_text(struct json_parts *parts, const char *text)
{
    append(parts, text, strlen(text));
}

static size_t used(struct json_parts *parts)
{
    struct json_text *part = current_part(parts);
    return part ? part->length : 0;
}

/* Bytes of `"name":{}`. */
static size_t frame_length(const char *name)
{
    return strlen(name) + 5;
}

/* Bytes of the comma before what comes next in the current part. */
static size_t comma(struct json_parts *parts)
{
    return used(parts) ? 1 : 0;
}

static size_t room_of_part(struct json_parts *parts)
{
    return parts->whole ? parts->ceiling : parts->limit;
}

static void open_here(struct json_parts *parts)
{
    if (used(parts)) append_text(parts, ",");
    append_text(parts, "\"");
    append_text(parts, parts->section);
    append_text(parts, parts->close == '}' ? "\":{" : "\":[");
    parts->empty_section = true;
}

static void close_here(struct json_parts *parts)
{
    append(parts, &parts->close, 1);
}

static void next_part(struct json_parts *parts)
{
    if (!new_part(parts)) parts->out_of_memory = true;
}

void json_parts_open(struct json_parts *parts, const char *name, char open, bool whole)
{
    parts->section = name;
    parts->close = open == '{' ? '}' : ']';
    parts->whole = whole && parts->count <= 1;
    if (used(parts) && used(parts) + comma(parts) + frame_length(name) + FIRST_ENTRY > room_of_part(parts)) {
        next_part(parts);
        parts->whole = false;
    }
    open_here(parts);
}

/* The entry, a comma before it unless it is the first, and the bracket behind. */
static bool fits(struct json_parts *parts, size_t length)
{
    return used(parts) + (parts->empty_section ? 0 : 1) + length + 1 <= room_of_part(parts);
}

void json_parts_add(struct json_parts *parts, const char *entry, size_t length)
{
    if (!fits(parts, length)) {
        if (frame_length(parts->section) + length > parts->limit) {
            parts->entries_dropped++;
            return;
        }
        close_here(parts);
        next_part(parts);
        parts->whole = false;
        open_here(parts);
    }
    if (!parts->empty_section) append_text(parts, ",");
    append(parts, entry, length);
    parts->empty_section = false;
}

void json_parts_close(struct json_parts *parts)
{
    close_here(parts);
    parts->close = 0;
}

void json_parts_value(struct json_parts *parts, const char *name, const char *value, size_t length)
{
    size_t needed = strlen(name) + strlen("\"\":") + length;
    if (used(parts) + comma(parts) + needed > parts->limit) {
        if (needed > parts->limit) {
            parts->entries_dropped++;
            return;
        }
        next_part(parts);
    }
    if (used(parts)) append_text(parts, ",");
    append_text(parts, "\"");
    append_text(parts, name);
    append_text(parts, "\":");
    append(parts, value, length);
}
