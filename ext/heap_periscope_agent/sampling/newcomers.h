/* Samples of a window that may be watched, until the window is digested: then as many of them are chosen as there is room for.
 *
 * There is less room than there are samples where much is sampled, since each who is watched costs the program a little for as long as
 * it lives, and once when it has died. Those who are chosen are as many from each origin as the room allows, and stand for those of the
 * same origin who are not: what leaks is one object in a thousand, so of few origins all stay.
 *
 * GVL, outside of hooks; nothing here raises. */
#ifndef HEAP_PERISCOPE_NEWCOMERS_H
#define HEAP_PERISCOPE_NEWCOMERS_H

#include <stdbool.h>
#include <stdint.h>

#define NEWCOMERS_MAX 1024

struct window_sample;

struct newcomer {
    const struct window_sample *sample;
    uint32_t number; /* of its record */
    uint8_t origin;
    bool chosen;
    double *weight; /* the objects it stands for; in its record */
};

void newcomers_clear(void);

uint32_t newcomers_count(void);

/* At `i` below newcomers_count, until the next change. */
struct newcomer *newcomers_at(uint32_t i);

/* False when there are NEWCOMERS_MAX already. */
bool newcomers_add(const struct newcomer *newcomer);

/* Chooses `room` of them at most; raises the weights of those to what all weigh. */
void newcomers_choose(uint32_t room);

#endif
