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
    bool sweeping;      /* or frees what it has not marked */
};

/* Once. */
void gc_epoch_init(void);

/* Allocates nothing. */
struct gc_epoch gc_epoch_now(void);

/* True when no marking can have ended in between. */
static inline bool gc_epoch_same(const struct gc_epoch *from, const struct gc_epoch *to)
{
    return from->collections == to->collections && (!from->marking || to->marking);
}

#endif
