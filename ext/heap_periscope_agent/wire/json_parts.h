/* Packs the sections of one report into parts that fit a datagram each, every part a complete JSON object. Knows JSON's
 * punctuation and nothing of what the sections mean. No Ruby API, no GVL. */
#ifndef HEAP_PERISCOPE_JSON_PARTS_H
#define HEAP_PERISCOPE_JSON_PARTS_H

#include "wire/json_writer.h"

struct json_text {
    char *bytes;
    size_t length, capacity;
};

struct json_parts {
    struct json_text *parts; /* payloads without the outer braces */
    size_t count, capacity;
    size_t limit;   /* bytes a payload should have; SIZE_MAX: one part for everything */
    size_t ceiling; /* bytes the first payload may have, for the sake of whole sections; at least `limit` */
    char close;     /* of the section that is open: } or ], 0 when none is */
    bool whole;     /* of the section that is open: it may not be split below the ceiling */
    bool empty_section;
    const char *section;
    uint64_t entries_dropped;
    bool out_of_memory;
};

void json_parts_init(struct json_parts *parts, size_t limit, size_t ceiling);
void json_parts_free(struct json_parts *parts);

/* Opens a section `"name": {` or `"name": [`. A whole one stays in the first part up to the ceiling, and goes on in the next. */
void json_parts_open(struct json_parts *parts, const char *name, char open, bool whole);

/* Adds one entry, given as complete JSON text: a value for an array, `"key":value` for an object. */
void json_parts_add(struct json_parts *parts, const char *entry, size_t length);

void json_parts_close(struct json_parts *parts);

/* A section that is one indivisible value: `"name": value`. */
void json_parts_value(struct json_parts *parts, const char *name, const char *value, size_t length);

#endif
