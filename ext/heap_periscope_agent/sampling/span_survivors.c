#include "sampling/span_survivors.h"

#include "base/clock.h"
#include "heap/platform_classes.h"
#include "sampling/call_sites.h"
#include "sampling/retained_set.h"
#include "sampling/sampled_classes.h"

#include <stdlib.h>
#include <string.h>

/* A living object that was sampled, or the sum of those of one row and class. */
struct survivor {
    struct span_row *row;
    uint32_t class_index;
    double objects, bytes;
};

struct survivors {
    struct survivor *list;
    size_t count;
};

static int by_entry(const void *left, const void *right)
{
    const struct span_row *a = *(struct span_row *const *)left, *b = *(struct span_row *const *)right;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static int by_row_and_class(const void *left, const void *right)
{
    const struct survivor *a = left, *b = right;
    if (a->row != b->row) return a->row < b->row ? -1 : 1;
    return a->class_index < b->class_index ? -1 : a->class_index > b->class_index;
}

static int by_objects(const void *left, const void *right)
{
    const struct survivor *a = left, *b = right;
    return a->objects < b->objects ? 1 : a->objects > b->objects ? -1 : 0;
}

static struct span_row *row_of(const struct span_entry *entry, struct span_row **sorted, size_t count)
{
    struct span_row key = {.entry = entry}, *wanted = &key;
    struct span_row **found = bsearch(&wanted, sorted, count, sizeof *sorted, by_entry);
    return found ? *found : NULL;
}

static void collect(struct survivors *survivors, struct span_row **sorted, size_t count)
{
    for (size_t i = 0; i < RETAINED_MAX; i++) {
        const struct retained_record *record = &retained_records()[i];
        if (!record->used || !record->tested || record->stack == CALL_SITE_NONE) continue;
        const struct span_entry *span = call_stack_at(record->stack)->span;
        struct span_row *row = span ? row_of(span, sorted, count) : NULL;
        if (!row) continue;
        survivors->list[survivors->count++] = (struct survivor){row, record->class_index, record->weight,
                                                                record->weight * (double)record->bytes};
    }
}

/* One survivor for each row and class, in order of rows. */
static void sum_up(struct survivors *survivors)
{
    size_t kept = 0;
    qsort(survivors->list, survivors->count, sizeof *survivors->list, by_row_and_class);
    for (size_t i = 0; i < survivors->count; i++) {
        struct survivor *one = &survivors->list[i];
        if (kept && by_row_and_class(&survivors->list[kept - 1], one) == 0) {
            survivors->list[kept - 1].objects += one->objects;
            survivors->list[kept - 1].bytes += one->bytes;
        } else {
            survivors->list[kept++] = *one;
        }
    }
    survivors->count = kept;
}

static struct span_live *live_of(struct survivor *list, size_t count, size_t classes)
{
    qsort(list, count, sizeof *list, by_objects);
    struct span_live *live = span_live_new(count < classes ? count : classes);
    if (!live) return NULL;
    live->measured_at_ns = clock_read_ns(CLOCK_REALTIME);
    for (size_t i = 0; i < live->length; i++) {
        const char *name = sampled_classes_at(list[i].class_index)->name;
        live->classes[i].name = strdup(name);
        live->classes[i].platform = platform_class_p(name);
        live->classes[i].count = (uint64_t)(list[i].objects + 0.5);
        live->classes[i].bytes = (uint64_t)(list[i].bytes + 0.5);
        if (live->classes[i].name) continue;
        span_live_release(live);
        return NULL;
    }
    return live;
}

static void hand_out(const struct survivors *survivors, size_t classes)
{
    for (size_t first = 0, next; first < survivors->count; first = next) {
        struct span_row *row = survivors->list[first].row;
        for (next = first; next < survivors->count && survivors->list[next].row == row;)
            next++;
        row->survivors = live_of(&survivors->list[first], next - first, classes);
    }
}

void span_survivors_attach(struct span_row *rows, size_t count, size_t classes)
{
    if (!count || !retained_set_running_p()) return;
    struct survivors survivors = {malloc(RETAINED_MAX * sizeof *survivors.list), 0};
    struct span_row **sorted = malloc(count * sizeof *sorted);
    if (survivors.list && sorted) {
        for (size_t i = 0; i < count; i++)
            sorted[i] = &rows[i];
        qsort(sorted, count, sizeof *sorted, by_entry);
        collect(&survivors, sorted, count);
        sum_up(&survivors);
        hand_out(&survivors, classes);
    }
    free(sorted);
    free(survivors.list);
}
