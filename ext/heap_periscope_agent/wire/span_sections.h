/* The section living_objects_by_spans of a snapshot (docs/wire-format.md). No Ruby API, no GVL. */
#ifndef HEAP_PERISCOPE_SPAN_SECTIONS_H
#define HEAP_PERISCOPE_SPAN_SECTIONS_H

#include "spans/span_table.h"
#include "wire/json_parts.h"

/* Writes the whole section. `json` is empty when it begins and when it ends. */
void span_sections_write(const struct span_row *rows, size_t count, yajl_gen json, struct json_parts *parts);

/* A size as people read it, "12.00 KB", as 0.3.0 sent it; NUL-terminated. */
void span_size_text(uint64_t bytes, char *text, size_t room);

#endif
