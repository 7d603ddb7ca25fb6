/* Turns what a window wrote down into counts by class, site and span and into records of the retained set. GVL, main Ractor,
 * between two windows. */
#ifndef HEAP_PERISCOPE_WINDOW_DIGEST_H
#define HEAP_PERISCOPE_WINDOW_DIGEST_H

#include "sampling/share_estimate.h"

#include <stdint.h>

struct window_digest {
    double weight;      /* what the window stands for, by its time: its stretch over its length */
    double scale;       /* objects of the process for one weighted object, so far */
    uint64_t allocated; /* by the process while it was open */
    uint64_t number;
    uint32_t room;           /* for new records of the retained set */
    struct share_base *base; /* gets the window's sum */
    double spread;           /* answer: Σ (x - share × y)² over the classes */
    uint64_t stacks, missed; /* answers: samples that were kept, and those that were not */
};

/* Digests allocation_window. May raise: by guarded_c_call. */
void window_digest_run(struct window_digest *digest);

#endif
