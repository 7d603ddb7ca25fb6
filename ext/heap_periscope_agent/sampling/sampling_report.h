/* What sampling found, as plain C: copied under the GVL, read by whoever owns it without. */
#ifndef HEAP_PERISCOPE_SAMPLING_REPORT_H
#define HEAP_PERISCOPE_SAMPLING_REPORT_H

#include "sampling/allocation_sampler.h"
#include "sampling/retained_sites.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sampling_by { BY_SITE, BY_CLASS, BY_SPAN, BY_STACK };

/* Texts are offsets, read by sampling_text. 0 is "". */
struct sampling_row {
    uint32_t class_name, path, method, span_type, span_name;
    int line;
    uint32_t stack; /* lines, each NUL-terminated */
    uint16_t stack_lines;
    double objects, objects_error, share;
    /* of what is retained */
    double bytes, ages[RETAINED_AGES], deaths[SITE_LIFETIMES];
    size_t watched;
};

struct sampling_rows {
    struct sampling_row *rows; /* most objects first; of what is retained, most bytes first */
    size_t count, capacity;
    char *text;
    size_t text_used, text_capacity;
    bool out_of_memory;
};

struct sampling_report {
    struct sampler_status status;
    struct sampling_rows allocations, retained;
};

/* The status, and at most `limit` allocation sites and retained sites each, for a snapshot: allocations since the one before.
 * NULL when sampling was never asked for, or without memory. GVL, outside of hooks. */
struct sampling_report *sampling_report_collect(size_t limit);
void sampling_report_free(struct sampling_report *report);

/* Allocations since sampling began; `limit` rows at most. BY_STACK: every stack with all its frames unfolded, the weight in
 * `objects`. `rows` must be zeroed. GVL, outside of hooks. */
void sampling_rows_allocations(struct sampling_rows *rows, enum sampling_by by, bool since_report,
                               size_t limit);

/* What lives of what was allocated since sampling began. GVL, outside of hooks. */
void sampling_rows_retained(struct sampling_rows *rows, size_t limit);

void sampling_rows_free(struct sampling_rows *rows);

static inline const char *sampling_text(const struct sampling_rows *rows, uint32_t offset)
{
    return rows->text ? rows->text + offset : "";
}

#endif
