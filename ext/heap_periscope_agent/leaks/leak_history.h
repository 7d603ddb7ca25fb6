/* What the last censuses found, by class: the memory of the leak detector. A pure data structure: no Ruby API, own malloc, not
 * locked (one owner at a time).
 *
 * Memory is fixed: LEAK_MOMENTS observations of at most LEAK_CLASSES classes, about 1 KB a class. When the row of
 * observations is full one of its older half is dropped, so the newest are kept one by one and the older ones stand for ever
 * longer times: hours and days have their place beside the last minutes. When there are more classes than places, those with the fewest bytes give way, and are counted. */
#ifndef HEAP_PERISCOPE_LEAK_HISTORY_H
#define HEAP_PERISCOPE_LEAK_HISTORY_H

#include "heap/census_result.h"
#include "leaks/leak_trend.h"

#define LEAK_MOMENTS 64
#define LEAK_CLASSES 1024

struct leak_class {
    char *name;
    bool platform;
    size_t known_from; /* first observation that knows the class; from there on it was looked for in each */
    uint64_t counts[LEAK_MOMENTS], bytes[LEAK_MOMENTS];
    uint64_t total_count, total_bytes; /* of the latest observation, young objects included */
    uint8_t announced;                 /* highest confidence told so far, 0: none */
    uint8_t silent;                    /* observations since it was last a suspect, at most LEAK_MOMENTS */
};

struct leak_history {
    struct leak_moment moments[LEAK_MOMENTS];
    size_t length;
    struct leak_class *classes[LEAK_CLASSES];
    size_t class_count;
    uint16_t index[2 * LEAK_CLASSES]; /* open addressing by name: position + 1, 0 = free */
    uint64_t evicted;                 /* classes that gave way since the beginning */
};

/* Adds an observation: the old objects of a sorted census by class, taken at `moment`. What memory is missing for is left
 * out. */
void leak_history_add(struct leak_history *history, const struct leak_moment *moment,
                      const struct class_census *classes, size_t class_count);

/* Gives all memory back; the history is empty and usable again. A zeroed one is empty. */
void leak_history_clear(struct leak_history *history);

#endif
