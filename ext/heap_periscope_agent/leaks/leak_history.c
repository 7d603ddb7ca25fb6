#include "leaks/leak_history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_SIZE (2 * LEAK_CLASSES)
/* Looking for the class that gives way costs a pass over all of them: so many give way a census at most. */
#define REPLACEMENTS 32

/* Who gives way next, of those remembered. */
struct victim {
    size_t position; /* LEAK_CLASSES: not looked for yet, or nobody */
    uint64_t bytes;
    size_t replacements;
};

/* --- classes by name ------------------------------------------------------------------------------------------------------ */

/* FNV-1a. */
static size_t hash_of(const char *name)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT32_C(16777619);
    return hash & (INDEX_SIZE - 1);
}

/* The place of the name in the index: where it is, or where it would be put. At most half of the index is in use. */
static uint16_t *place_of(struct leak_history *history, const char *name)
{
    size_t slot = hash_of(name);
    while (history->index[slot] && strcmp(history->classes[history->index[slot] - 1]->name, name) != 0)
        slot = (slot + 1) & (INDEX_SIZE - 1);
    return &history->index[slot];
}

static void rebuild_index(struct leak_history *history)
{
    memset(history->index, 0, sizeof history->index);
    for (size_t i = 0; i < history->class_count; i++)
        *place_of(history, history->classes[i]->name) = (uint16_t)(i + 1);
}

static void free_class(struct leak_class *class)
{
    if (class) free(class->name);
    free(class);
}

static struct leak_class *new_class(const struct class_census *row, size_t known_from)
{
    struct leak_class *class = calloc(1, sizeof *class);
    if (!class) return NULL;
    class->name = strdup(row->name);
    class->platform = row->platform;
    class->known_from = known_from;
    if (class->name) return class;
    free_class(class);
    return NULL;
}

/* --- who is remembered ---------------------------------------------------------------------------------------------------- */

/* The class with the fewest bytes; a suspect stays. What the running pass has not come to yet is judged by its latest but one
 * figure. */
static void find_victim(const struct leak_history *history, struct victim *victim)
{
    size_t now = history->length - 1;
    victim->position = LEAK_CLASSES;
    victim->bytes = UINT64_MAX;
    for (size_t i = 0; i < history->class_count; i++) {
        const struct leak_class *class = history->classes[i];
        uint64_t before = now > class->known_from ? class->bytes[now - 1] : 0;
        uint64_t bytes = class->bytes[now] > before ? class->bytes[now] : before;
        if (class->announced || bytes >= victim->bytes) continue;
        victim->position = i;
        victim->bytes = bytes;
    }
}

static struct leak_class *replace(struct leak_history *history, const struct class_census *row,
                                  struct victim *victim)
{
    if (victim->replacements == REPLACEMENTS) return NULL;
    if (victim->position == LEAK_CLASSES) find_victim(history, victim);
    if (victim->position == LEAK_CLASSES || victim->bytes >= row->old_bytes) return NULL;

    struct leak_class *class = new_class(row, history->length - 1);
    if (!class) return NULL;
    free_class(history->classes[victim->position]);
    history->classes[victim->position] = class;
    rebuild_index(history);
    history->evicted++;
    victim->replacements++;
    victim->position = LEAK_CLASSES;
    return class;
}

static struct leak_class *append(struct leak_history *history, const struct class_census *row,
                                 uint16_t *place)
{
    struct leak_class *class = new_class(row, history->length - 1);
    if (!class) return NULL;
    history->classes[history->class_count++] = class;
    *place = (uint16_t)history->class_count;
    return class;
}

static struct leak_class *find_or_admit(struct leak_history *history, const struct class_census *row,
                                        struct victim *victim)
{
    uint16_t *place = place_of(history, row->name);
    if (*place) return history->classes[*place - 1];
    if (!row->old_count) return NULL;
    if (history->class_count < LEAK_CLASSES) return append(history, row, place);
    return replace(history, row, victim);
}

/* --- observations --------------------------------------------------------------------------------------------------------- */

/* The observation of the older half that is missed least: whose neighbours are closest, for its age. */
static size_t most_dispensable(const struct leak_history *history)
{
    const struct leak_moment *moments = history->moments;
    uint64_t now_ns = moments[history->length - 1].at_ns;
    size_t choice = 1;
    double least = INFINITY;
    for (size_t i = 1; i < LEAK_MOMENTS / 2; i++) {
        double gap = (double)(moments[i + 1].at_ns - moments[i - 1].at_ns);
        double age = (double)(now_ns - moments[i].at_ns) + 1;
        if (gap / age >= least) continue;
        least = gap / age;
        choice = i;
    }
    return choice;
}

static void make_room(struct leak_history *history)
{
    size_t gap = most_dispensable(history), behind = --history->length - gap;
    memmove(&history->moments[gap], &history->moments[gap + 1], behind * sizeof *history->moments);
    for (size_t i = 0; i < history->class_count; i++) {
        struct leak_class *class = history->classes[i];
        memmove(&class->counts[gap], &class->counts[gap + 1], behind * sizeof *class->counts);
        memmove(&class->bytes[gap], &class->bytes[gap + 1], behind * sizeof *class->bytes);
        if (class->known_from > gap) class->known_from--;
    }
}

void leak_history_add(struct leak_history *history, const struct leak_moment *moment,
                      const struct class_census *classes, size_t class_count)
{
    if (history->length == LEAK_MOMENTS) make_room(history);
    struct victim victim = {.position = LEAK_CLASSES};
    size_t now = history->length++;
    history->moments[now] = *moment;
    for (size_t i = 0; i < history->class_count; i++) {
        struct leak_class *class = history->classes[i];
        class->counts[now] = class->bytes[now] = class->total_count = class->total_bytes = 0;
    }
    for (size_t i = 0; i < class_count; i++) {
        struct leak_class *class = find_or_admit(history, &classes[i], &victim);
        if (!class) continue;
        class->counts[now] = classes[i].old_count;
        class->bytes[now] = classes[i].old_bytes;
        class->total_count = classes[i].count;
        class->total_bytes = classes[i].bytes;
    }
}

void leak_history_clear(struct leak_history *history)
{
    for (size_t i = 0; i < history->class_count; i++)
        free_class(history->classes[i]);
    memset(history, 0, sizeof *history);
}
