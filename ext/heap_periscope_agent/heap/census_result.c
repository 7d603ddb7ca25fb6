#include "heap/census_result.h"

#include "heap/platform_classes.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct class_census *)left)->name, ((const struct class_census *)right)->name);
}

static int by_count(const void *left, const void *right)
{
    const struct class_census *a = left, *b = right;
    if (a->count != b->count) return a->count < b->count ? 1 : -1;
    return strcmp(a->name, b->name);
}

/* Reloaded classes leave older versions of the same name behind; a reader wants one line for them. */
void census_result_sort(struct census_result *result)
{
    if (!result->class_count) return;

    struct class_census *classes = result->classes;
    qsort(classes, result->class_count, sizeof *classes, by_name);
    size_t kept = 0;
    for (size_t i = 1; i < result->class_count; i++) {
        if (strcmp(classes[kept].name, classes[i].name) == 0) {
            classes[kept].count += classes[i].count;
            classes[kept].bytes += classes[i].bytes;
            classes[kept].old_count += classes[i].old_count;
            classes[kept].old_bytes += classes[i].old_bytes;
        } else {
            classes[++kept] = classes[i];
        }
    }
    result->class_count = kept + 1;
    for (size_t i = 0; i < result->class_count; i++)
        classes[i].platform = platform_class_p(classes[i].name);
    qsort(classes, result->class_count, sizeof *classes, by_count);
}

void census_result_free(struct census_result *result)
{
    free(result->classes);
    free(result->names);
    memset(result, 0, sizeof *result);
}
