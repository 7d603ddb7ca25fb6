#include "sampling/sampling_report.h"

#include "sampling/frame_table.h"
#include "sampling/sampled_classes.h"
#include "sampling/stack_fold.h"
#include "spans/span_table.h"

#include <stdlib.h>
#include <string.h>

#define STACK_LINES_MAX 32

/* --- memory of a report --------------------------------------------------------------------------------------------------------- */

static uint32_t keep_text(struct sampling_rows *rows, const char *text)
{
    size_t length = strlen(text) + 1;
    if (rows->text_used + length > rows->text_capacity) {
        size_t capacity = rows->text_capacity ? rows->text_capacity * 2 : 16384;
        char *larger = realloc(rows->text, capacity);
        if (!larger) {
            rows->out_of_memory = true;
            return 0;
        }
        rows->text = larger;
        rows->text_capacity = capacity;
    }
    if (!rows->text_used) rows->text[rows->text_used++] = 0;
    memcpy(rows->text + rows->text_used, text, length);
    rows->text_used += length;
    return (uint32_t)(rows->text_used - length);
}

static struct sampling_row *add_row(struct sampling_rows *rows)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? rows->capacity * 2 : 64;
        struct sampling_row *larger = realloc(rows->rows, capacity * sizeof *larger);
        if (!larger) {
            rows->out_of_memory = true;
            return NULL;
        }
        rows->rows = larger;
        rows->capacity = capacity;
    }
    rows->rows[rows->count] = (struct sampling_row){0};
    return &rows->rows[rows->count++];
}

void sampling_rows_free(struct sampling_rows *rows)
{
    free(rows->rows);
    free(rows->text);
    *rows = (struct sampling_rows){0};
}

void sampling_report_free(struct sampling_report *report)
{
    if (!report) return;
    sampling_rows_free(&report->allocations);
    sampling_rows_free(&report->retained);
    free(report);
}

/* --- ranking ---------------------------------------------------------------------------------------------------------------------- */

struct ranked {
    double value;
    uint32_t index;
};

static int by_value(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    return a->value < b->value ? 1 : a->value > b->value ? -1 : a->index > b->index ? 1 : -1;
}

/* Orders what has a value; answers how many of them to show. */
static size_t rank(struct ranked *ranked, size_t count, size_t limit)
{
    qsort(ranked, count, sizeof *ranked, by_value);
    return count < limit ? count : limit;
}

/* --- one row ---------------------------------------------------------------------------------------------------------------------- */

static void describe_span(struct sampling_rows *rows, struct sampling_row *row, const struct span_entry *span)
{
    if (!span) return;
    row->span_type = keep_text(rows, span->type);
    row->span_name = keep_text(rows, span->name);
}

static void describe_stack(struct sampling_rows *rows, struct sampling_row *row,
                           const struct call_stack *stack)
{
    static char lines[STACK_LINES_MAX][STACK_LINE_BYTES];
    size_t count = stack_fold(call_stack_frames(stack), stack->frame_count, lines, STACK_LINES_MAX);
    for (size_t i = 0; i < count; i++) {
        uint32_t offset = keep_text(rows, lines[i]);
        if (!i) row->stack = offset;
    }
    row->stack_lines = (uint16_t)count;
}

static void describe_site(struct sampling_rows *rows, struct sampling_row *row, const struct call_site *site)
{
    row->class_name = keep_text(rows, sampled_classes_at(site->class_index)->name);
    row->line = site->frame.line;
    if (site->frame.frame == FRAME_NONE) return;
    row->path = keep_text(rows, frame_table_at(site->frame.frame)->path);
    row->method = keep_text(rows, frame_table_at(site->frame.frame)->method);
    if (site->example < call_stacks_count()) describe_stack(rows, row, call_stack_at(site->example));
}

/* --- allocations ------------------------------------------------------------------------------------------------------------------ */

static const struct share_counter *counter_at(enum sampling_by by, uint32_t index)
{
    switch (by) {
    case BY_CLASS: return &sampled_classes_at(index)->allocations;
    case BY_SPAN: return &call_span_at(index)->allocations;
    default: return &call_site_at(index)->allocations;
    }
}

static uint32_t counters(enum sampling_by by)
{
    switch (by) {
    case BY_CLASS: return sampled_classes_size();
    case BY_SPAN: return call_spans_count();
    default: return call_sites_count();
    }
}

static void add_allocation(struct sampling_rows *rows, enum sampling_by by, uint32_t index,
                           const struct share_estimate *estimate)
{
    struct sampling_row *row = add_row(rows);
    if (!row) return;
    row->objects = estimate->objects;
    row->objects_error = estimate->objects_error;
    row->share = estimate->share;
    if (by == BY_SITE) describe_site(rows, row, call_site_at(index));
    if (by == BY_CLASS) row->class_name = keep_text(rows, sampled_classes_at(index)->name);
    if (by == BY_SPAN) describe_span(rows, row, call_span_at(index)->span);
}

/* A whole stack, innermost frame first, for exports. Lines as stack_frame_text writes them. */
static void add_stack(struct sampling_rows *rows, const struct call_stack *stack, double objects)
{
    struct sampling_row *row = add_row(rows);
    if (!row) return;
    row->objects = objects;
    row->class_name = keep_text(rows, sampled_classes_at(stack->class_index)->name);
    describe_span(rows, row, stack->span);
    const struct call_frame *frames = call_stack_frames(stack);
    for (uint16_t i = 0; i < stack->frame_count; i++) {
        char line[STACK_LINE_BYTES];
        stack_frame_text(frames[i], line, sizeof line);
        uint32_t offset = keep_text(rows, line);
        if (!i) row->stack = offset;
    }
    row->stack_lines = stack->frame_count;
}

/* Scaled so that all stacks together are all objects. */
static void add_stacks(struct sampling_rows *rows, const struct share_base *base, size_t limit)
{
    static struct ranked ranked[CALL_STACKS_MAX];
    double sum = 0;
    uint32_t count = call_stacks_count();
    for (uint32_t i = 0; i < count; i++) {
        ranked[i] = (struct ranked){call_stack_at(i)->weight, i};
        sum += ranked[i].value;
    }
    size_t shown = sum > 0 ? rank(ranked, count, limit) : 0;
    for (size_t i = 0; i < shown; i++)
        add_stack(rows, call_stack_at(ranked[i].index), ranked[i].value / sum * (double)base->allocated);
}

void sampling_rows_allocations(struct sampling_rows *rows, enum sampling_by by, bool since_report,
                               size_t limit)
{
    static struct ranked ranked[CALL_SITES_MAX];
    struct sampler_status status = allocation_sampler_status();
    struct share_base base = since_report ? share_base_since(&status.base, &status.reported) : status.base;
    if (by == BY_STACK) {
        add_stacks(rows, &base, limit);
        return;
    }
    size_t count = 0;
    for (uint32_t i = 0; i < counters(by); i++) {
        struct share_sums sums =
            since_report ? share_counter_since(counter_at(by, i)) : counter_at(by, i)->total;
        if (sums.x > 0) ranked[count++] = (struct ranked){sums.x, i};
    }
    size_t shown = rank(ranked, count, limit);
    for (size_t i = 0; i < shown; i++) {
        const struct share_counter *counter = counter_at(by, ranked[i].index);
        struct share_sums sums = since_report ? share_counter_since(counter) : counter->total;
        struct share_estimate estimate = share_estimate_of(&sums, &base);
        add_allocation(rows, by, ranked[i].index, &estimate);
    }
}

/* --- what is retained --------------------------------------------------------------------------------------------------------------- */

static void add_retained(struct sampling_rows *rows, const struct retained_site *site, double all_objects)
{
    struct sampling_row *row = add_row(rows);
    if (!row) return;
    const struct call_site *place = call_site_at(site->site);
    row->objects = site->objects;
    row->objects_error = retained_site_error(site);
    row->share = all_objects > 0 ? site->objects / all_objects : 0;
    row->bytes = site->bytes;
    row->watched = site->watched;
    memcpy(row->ages, site->ages, sizeof row->ages);
    for (size_t i = 0; i < SITE_LIFETIMES; i++)
        row->deaths[i] = (double)place->deaths[i];
    describe_site(rows, row, place);
}

void sampling_rows_retained(struct sampling_rows *rows, size_t limit)
{
    static struct retained_site sites[CALL_SITES_MAX];
    static struct ranked ranked[CALL_SITES_MAX];
    size_t count = retained_sites_sum(sites);
    double all_objects = 0;
    for (size_t i = 0; i < count; i++) {
        ranked[i] = (struct ranked){sites[i].bytes, (uint32_t)i};
        all_objects += sites[i].objects;
    }
    size_t shown = rank(ranked, count, limit);
    for (size_t i = 0; i < shown; i++)
        add_retained(rows, &sites[ranked[i].index], all_objects);
}

struct sampling_report *sampling_report_collect(size_t limit)
{
    struct sampler_status status = allocation_sampler_status();
    struct sampling_report *report = status.began ? calloc(1, sizeof *report) : NULL;
    if (!report) return NULL;
    report->status = status;
    sampling_rows_allocations(&report->allocations, BY_SITE, true, limit);
    sampling_rows_retained(&report->retained, limit);
    return report;
}
