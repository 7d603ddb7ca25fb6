#include "sampling/newcomers.h"

#include "base/random_bits.h"

/* As many as their type has values. */
#define ORIGINS 256

static struct newcomer waiting[NEWCOMERS_MAX];
static uint32_t waiting_count;
static struct random_bits randomness;

/* How many of each origin stay when so many `places` are shared out evenly, and what one does not need goes to the others. */
static double even_share(const uint32_t *counts, uint32_t places)
{
    for (double level = 0;;) {
        uint32_t small = 0, larger = 0;
        for (unsigned i = 0; i < ORIGINS; i++) {
            if (counts[i] > level)
                larger++;
            else
                small += counts[i];
        }
        double next = larger ? (double)(places - small) / larger : level;
        if (next <= level) return level;
        level = next;
    }
}

/* Of so many of one origin. Where there are more origins than places, each gets one by chance. */
static uint32_t places_for(uint32_t count, double level)
{
    if (count <= level) return count;
    return level >= 1 ? (uint32_t)level : random_bits_unit(&randomness) < level;
}

/* One by one: each with the probability that fills the places of its origin from those left. */
static void draw(uint32_t *counts, uint32_t room)
{
    uint32_t places[ORIGINS];
    double level = even_share(counts, room);
    for (unsigned i = 0; i < ORIGINS; i++)
        places[i] = places_for(counts[i], level);
    for (uint32_t i = 0; i < waiting_count; i++) {
        struct newcomer *newcomer = &waiting[i];
        uint32_t left = counts[newcomer->origin]--;
        newcomer->chosen = room && random_bits_unit(&randomness) * left < places[newcomer->origin];
        places[newcomer->origin] -= newcomer->chosen;
        room -= newcomer->chosen;
    }
}

/* Where nobody of an origin is chosen, the others stand for it. */
static void stand_in(void)
{
    double all[ORIGINS] = {0}, chosen[ORIGINS] = {0}, represented = 0, orphaned = 0;
    for (uint32_t i = 0; i < waiting_count; i++) {
        all[waiting[i].origin] += *waiting[i].weight;
        if (waiting[i].chosen) chosen[waiting[i].origin] += *waiting[i].weight;
    }
    for (unsigned i = 0; i < ORIGINS; i++)
        *(chosen[i] > 0 ? &represented : &orphaned) += all[i];
    for (uint32_t i = 0; i < waiting_count; i++) {
        const struct newcomer *newcomer = &waiting[i];
        if (newcomer->chosen && chosen[newcomer->origin] > 0)
            *newcomer->weight *=
                all[newcomer->origin] / chosen[newcomer->origin] * (1 + orphaned / represented);
    }
}

void newcomers_choose(uint32_t room)
{
    uint32_t counts[ORIGINS] = {0};
    if (!randomness.state) random_bits_seed(&randomness, 5);
    for (uint32_t i = 0; i < waiting_count; i++) {
        counts[waiting[i].origin]++;
        waiting[i].chosen = true;
    }
    if (waiting_count <= room) return;
    draw(counts, room);
    stand_in();
}

void newcomers_clear(void)
{
    waiting_count = 0;
}

uint32_t newcomers_count(void)
{
    return waiting_count;
}

struct newcomer *newcomers_at(uint32_t i)
{
    return &waiting[i];
}

bool newcomers_add(const struct newcomer *newcomer)
{
    if (waiting_count == NEWCOMERS_MAX) return false;
    waiting[waiting_count++] = *newcomer;
    return true;
}
