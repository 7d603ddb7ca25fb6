#include "newcomers.h"

#include "random_bits.h"

/* Collections through which all are held, where the visit comes by then. */
#define HELD_FOR 2
/* So many who grew old since the last full collection halve the room for more. */
#define OLD_HALVES 64
#define ROOM_MIN   8
/* As many as their type has values. */
#define ORIGINS 256

static struct newcomer waiting[NEWCOMERS_MAX];
static uint32_t waiting_count;
static struct random_bits randomness;
static VALUE holder = Qnil;
/* Until the next visit: whether it will come too late, and how many may grow old. */
static bool late;
static uint32_t room = NEWCOMERS_OLD_MAX;
/* Since the last full collection. */
static uint32_t grown_old;
static size_t majors_seen;
/* From newcomers_let_go until the last one is taken: who is let go now would be stood for by nobody. */
static bool taking;

static bool due_p(const struct newcomer *newcomer)
{
    if (!newcomer->born.object || newcomer->old) return false;
    return late || rb_gc_count() - newcomer->born.collections > HELD_FOR;
}

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

/* Those who grow old are drawn from all of an origin whose time is over, one by one: each with the probability that fills its places from
 * those left. */
static void let_go(void)
{
    uint32_t due[ORIGINS] = {0}, places[ORIGINS], all = 0, old = 0;
    for (uint32_t i = 0; i < waiting_count; i++) {
        bool over = due_p(&waiting[i]);
        due[waiting[i].origin] += over;
        all += over;
        old += waiting[i].old;
    }
    if (!all) return;
    double level = even_share(due, room > old ? room - old : 0);
    for (unsigned i = 0; i < ORIGINS; i++)
        places[i] = places_for(due[i], level);
    for (uint32_t i = 0; i < waiting_count; i++) {
        struct newcomer *newcomer = &waiting[i];
        if (!due_p(newcomer)) continue;
        uint32_t left = due[newcomer->origin]--;
        newcomer->old = old < room && random_bits_unit(&randomness) * left < places[newcomer->origin];
        if (newcomer->old) {
            places[newcomer->origin]--;
            old++;
        } else {
            newcomer->born.object = newcomer->born.thread = Qfalse;
        }
    }
}

/* Were those who were let go stood for by all who wait, the latest, many of whom the program still needs for what it just does, would
 * stand for what it did before. Where nobody of an origin is left, the others stand for it. */
static void stand_in(void)
{
    double gone[ORIGINS] = {0}, old[ORIGINS] = {0}, represented = 0, orphaned = 0;
    for (uint32_t i = 0; i < waiting_count; i++) {
        double *sums = waiting[i].old ? old : waiting[i].born.object ? NULL : gone;
        if (sums) sums[waiting[i].origin] += *waiting[i].weight;
    }
    for (unsigned i = 0; i < ORIGINS; i++)
        *(old[i] > 0 ? &represented : &orphaned) += old[i] + gone[i];
    if (represented == 0) return;
    for (uint32_t i = 0; i < waiting_count; i++) {
        const struct newcomer *newcomer = &waiting[i];
        if (newcomer->old && old[newcomer->origin] > 0)
            *newcomer->weight *=
                (1 + gone[newcomer->origin] / old[newcomer->origin]) * (1 + orphaned / represented);
    }
}

/* Who came too late this time will do so the next time: then there is no use in holding those who have to go. What grows old lies where
 * the program would make its next objects, until a full collection, so there is less of it the longer that is away. */
static void plan(size_t majors)
{
    uint32_t old = 0;
    size_t now = rb_gc_count(), waited = 0;
    for (uint32_t i = 0; i < waiting_count; i++) {
        size_t collections = now - waiting[i].born.collections;
        if (collections > waited) waited = collections;
        old += waiting[i].old;
    }
    if (waiting_count) late = waited > HELD_FOR;
    grown_old = majors == majors_seen ? grown_old + old : old;
    majors_seen = majors;
    room = NEWCOMERS_OLD_MAX * OLD_HALVES / (OLD_HALVES + grown_old);
    if (room < ROOM_MIN) room = ROOM_MIN;
}

void newcomers_sift(void)
{
    if (!taking) let_go();
}

void newcomers_let_go(size_t majors)
{
    let_go();
    stand_in();
    plan(majors);
    taking = true;
}

/* During a collection. */
static void mark_waiting(void *unused)
{
    (void)unused;
    newcomers_sift();
    for (uint32_t i = 0; i < waiting_count; i++) {
        if (!waiting[i].born.object) continue;
        rb_gc_mark(waiting[i].born.object);
        rb_gc_mark(waiting[i].born.thread);
    }
}

/* Not write-barrier protected: those who wait are young, and soon gone. */
static const rb_data_type_t holder_type = {
    .wrap_struct_name = "heap_periscope_agent/newcomers",
    .function = {.dmark = mark_waiting},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

void newcomers_init(void)
{
    random_bits_seed(&randomness, 5);
    rb_gc_register_address(&holder);
    holder = TypedData_Wrap_Struct(0, &holder_type, waiting);
}

void newcomers_clear(void)
{
    waiting_count = 0;
    taking = false;
    late = false;
    room = NEWCOMERS_OLD_MAX;
    grown_old = 0;
}

uint32_t newcomers_count(void)
{
    return waiting_count;
}

struct newcomer *newcomers_at(uint32_t i)
{
    return &waiting[i];
}

void newcomers_add(const struct newcomer *newcomer)
{
    waiting[waiting_count++] = *newcomer;
}

bool newcomers_take(struct newcomer *newcomer)
{
    taking = waiting_count > 0;
    if (!taking) return false;
    *newcomer = waiting[--waiting_count];
    return true;
}

void newcomers_remove(uint32_t i)
{
    waiting[i] = waiting[--waiting_count];
}
