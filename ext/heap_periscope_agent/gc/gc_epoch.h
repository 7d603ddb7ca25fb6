/* Stretches between two collections in which nothing that lived at their beginning can have been freed: the collector frees only what a
 * marking that has ended since has left out. GVL; in hooks, too. */
#ifndef HEAP_PERISCOPE_GC_EPOCH_H
#define HEAP_PERISCOPE_GC_EPOCH_H

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>

struct gc_epoch {
    size_t collections; /* that have begun */
    bool marking;       /* one of them is at it */
};

/* Once. */
void gc_epoch_init(void);

/* Allocates nothing. */
struct gc_epoch gc_epoch_now(void);

/* Markings that have ended. */
static inline size_t gc_epoch_markings(const struct gc_epoch *epoch)
{
    return epoch->collections - epoch->marking;
}

/* True when none has ended in between. */
static inline bool gc_epoch_same(const struct gc_epoch *from, const struct gc_epoch *to)
{
    return gc_epoch_markings(from) == gc_epoch_markings(to);
}

#endif
