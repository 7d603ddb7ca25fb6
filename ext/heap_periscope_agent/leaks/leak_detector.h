/* Which classes leak? Keeps the history of censuses, tests every class after each, and says how sure it is. Pure C: no Ruby API,
 * not locked (one owner at a time).
 *
 * What is counted are old objects: those that outlived a few collections. The millions that come and go in between, garbage
 * or not, are never seen. Old garbage is: it stays until a full collection, and until one has passed over the growth nobody
 * can tell it from a leak.
 *
 *   low     steady growth over at least 7 observations; false discoveries held to one in twenty
 *   medium  over at least 12, one in a hundred, and two full collections left standing what had grown, steadily, in at least 8 of them
 *   high    over at least 20, one in a thousand, and likewise in at least 10
 *
 * One collection is not enough: in the midst of a request it can make old, by chance, about as much as it clears.
 *
 * Growth that comes to rest, comes in one or two steps, or has come and gone before is no leak at any level.
 *
 * A suspect stays one for three observations that do not show its growth, unless the growth went: one in which much is in use
 * clears nobody. */
#ifndef HEAP_PERISCOPE_LEAK_DETECTOR_H
#define HEAP_PERISCOPE_LEAK_DETECTOR_H

#include "leaks/leak_history.h"

/* Told at a time; what grows most comes first. */
#define LEAK_SUSPECTS_MAX 30

enum leak_confidence { LEAK_NONE, LEAK_LOW, LEAK_MEDIUM, LEAK_HIGH };

struct leak_finding {
    const struct leak_class *class; /* valid until the next observation */
    size_t position;                /* of the class in the history */
    enum leak_confidence confidence;
    bool by_bytes; /* found by its bytes; the number of objects does not grow so */
    bool news;     /* new, or surer than ever before */
    double objects_per_hour, objects_per_hour_error, bytes_per_hour, bytes_per_hour_error;
    struct leak_moment since;
    uint64_t settled_ns; /* monotonic: the observation before the latest */
    uint64_t count, bytes;
    double base, growth; /* of the row that was found: its level before, and what came on top */
    size_t observations;
    unsigned unseen; /* observations since a test last found it */
    double p;        /* adjusted for the number of tests */
};

struct leak_detector {
    struct leak_history history;
    uint64_t collections;                            /* at the latest observation */
    struct leak_finding findings[LEAK_SUSPECTS_MAX]; /* most bytes an hour first */
    size_t finding_count;
    size_t tests; /* rows of numbers that were tested at the latest observation */
};

/* Takes a complete, sorted census by class. One that no collection preceded since the last one tells nothing new about old
 * objects and is passed over: then, and without memory, false. */
bool leak_detector_observe(struct leak_detector *detector, const struct leak_moment *moment,
                           uint64_t collections, const struct class_census *classes, size_t class_count);

/* Forgets everything. A zeroed detector knows nothing. */
void leak_detector_clear(struct leak_detector *detector);

#endif
