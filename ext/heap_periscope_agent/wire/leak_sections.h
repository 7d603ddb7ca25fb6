/* Leak suspects as JSON (docs/wire-format.md). No Ruby API, no GVL. */
#ifndef HEAP_PERISCOPE_LEAK_SECTIONS_H
#define HEAP_PERISCOPE_LEAK_SECTIONS_H

#include "leaks/leak_suspects.h"
#include "wire/json_parts.h"

/* Writes section `leak_suspects`. `json` is a fresh generator and is left as one. */
void leak_sections_write(const struct leak_suspect_list *list, yajl_gen json, struct json_parts *parts);

/* The same as one JSON array. The caller frees it; NULL when there is no memory. */
char *leak_sections_text(const struct leak_suspect_list *list, size_t *length);

#endif
