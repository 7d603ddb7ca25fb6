/* Random numbers for sampling: xorshift64* (Vigna 2016). Not for secrets. No Ruby API, no allocation, safe inside a hook; one
 * owner per state. */
#ifndef HEAP_PERISCOPE_RANDOM_BITS_H
#define HEAP_PERISCOPE_RANDOM_BITS_H

#include "base/clock.h"

#include <math.h>
#include <stdint.h>
#include <unistd.h>

struct random_bits {
    uint64_t state; /* never 0 */
};

static inline uint64_t random_bits_next(struct random_bits *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * UINT64_C(0x2545F4914F6CDD1D);
}

/* `salt` tells the states of one process apart. */
static inline void random_bits_seed(struct random_bits *random, uint64_t salt)
{
    random->state = (clock_read_ns(CLOCK_REALTIME) ^ ((uint64_t)getpid() << 40) ^ (salt << 20)) | 1;
    for (int i = 0; i < 16; i++)
        random_bits_next(random);
}

/* Uniform in [0, 1). */
static inline double random_bits_unit(struct random_bits *random)
{
    return (double)(random_bits_next(random) >> 11) * 0x1.0p-53;
}

/* How many objects to go until the next one is taken, when each is taken with probability 1 / `every`: at least 1. */
static inline uint64_t random_bits_geometric(struct random_bits *random, double every)
{
    if (every <= 1.0) return 1;
    return 1 + (uint64_t)(log(1.0 - random_bits_unit(random)) / log1p(-1.0 / every));
}

#endif
