/* What one heap census found, as plain C. No Ruby API, any thread, no lock: a result has one owner at a time. */
#ifndef HEAP_PERISCOPE_CENSUS_RESULT_H
#define HEAP_PERISCOPE_CENSUS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_CENSUS_TYPES 32
#define HEAP_CENSUS_POOLS 16

struct heap_pool_count {
    uint64_t slot_bytes, pages, total_slots, live_slots;
};

struct class_census {
    const char *name; /* in census_result.names, valid UTF-8 is not guaranteed */
    uint64_t count, bytes;
    uint64_t old_count,
        old_bytes; /* of these, in the collector's old generation; told apart only in a census with bytes */
    bool platform;
};

struct census_cost {
    uint64_t slices;
    uint64_t gvl_ns;           /* all time in `step`, without stalls */
    uint64_t longest_slice_ns; /* without its stall */
    uint64_t stall_ns;         /* finishing a collection that was pending */
    uint64_t longest_stall_ns;
    uint64_t wall_ns;
    uint64_t collections; /* GC runs between begin and end; 0: the counts are exact */
};

/* Everything one census found. Owns its memory; zeroed means "there was none". */
struct census_result {
    bool complete; /* false: the deadline came first, or other Ractors forbade the class part */
    bool by_class; /* `classes` was asked for and is filled */
    uint64_t objects;
    uint64_t types[HEAP_CENSUS_TYPES];
    uint64_t total_slots;
    struct heap_pool_count pools[HEAP_CENSUS_POOLS];
    size_t pool_count;
    struct class_census *classes; /* most objects first, one entry a name */
    size_t class_count;
    uint64_t names_truncated;
    char *names;
    struct census_cost cost;
};

/* Merges entries of one name, classifies, sorts by count. */
void census_result_sort(struct census_result *result);

void census_result_free(struct census_result *result);

#endif
