/* Where sampled objects wait to be put into the retained set's map. Filling the map calls methods, which a job must not.
 *
 * They are held, so that a slot which is used again is never taken for one of them, through two collections: one that has lived
 * through three is old, and so is all it refers to, whether anybody needs it or not. At the third all but a few are let go, at once
 * where the latest visit came after more than two; of those few, who did grow old, only a full collection can tell whether they live.
 * They are as many from each origin as there is room for, and stand for those of the same origin who were let go: what leaks is one
 * object in a thousand, so of few origins all stay. There is less room the more grew old since the last full collection.
 *
 * GVL, outside of hooks. Only newcomers_init may raise. */
#ifndef HEAP_PERISCOPE_NEWCOMERS_H
#define HEAP_PERISCOPE_NEWCOMERS_H

#include <ruby.h>
#include <stdbool.h>
#include <stdint.h>

#define NEWCOMERS_MAX 4096
/* Who grow old from one visit to the next, at most. */
#define NEWCOMERS_OLD_MAX 48

struct newborn {
    VALUE object, thread; /* Qfalse once it was let go */
    size_t collections;   /* GC.count when it was made; it has been held since */
};

struct newcomer {
    struct newborn born;
    uint32_t number; /* of its record */
    uint8_t origin;
    bool old;       /* was held through more than two collections */
    double *weight; /* the objects it stands for; in its record */
};

/* Once. */
void newcomers_init(void);

void newcomers_clear(void);

uint32_t newcomers_count(void);

/* At `i` below newcomers_count, until the next change. */
struct newcomer *newcomers_at(uint32_t i);

/* Only while there are fewer than NEWCOMERS_MAX. */
void newcomers_add(const struct newcomer *newcomer);

/* A window is over: lets those go whose time is over by now. */
void newcomers_sift(void);

/* A visit begins: lets those go whose time is over, all but a few, who then stand for them; collections let go, too. `majors` are the
 * full collections so far. */
void newcomers_let_go(size_t majors);

/* Takes the last one out; the caller has to keep it alive (RB_GC_GUARD). False when nobody waits. */
bool newcomers_take(struct newcomer *newcomer);

/* Takes one out from the middle; the last one gets its place. */
void newcomers_remove(uint32_t i);

#endif
