#include "newcomers.h"

#include "random_bits.h"

/* Collections through which all are held. */
#define HELD_FOR 2

static struct newcomer waiting[NEWCOMERS_MAX];
static uint32_t waiting_count;
static struct random_bits randomness;
static VALUE holder = Qnil;

static bool due_p(const struct newcomer *newcomer)
{
    return newcomer->born.object && !newcomer->old && rb_gc_count() - newcomer->born.collections > HELD_FOR;
}

/* Those who grow old are drawn from all whose time is over. */
void newcomers_let_go(void)
{
    uint32_t due = 0, old = 0;
    for (uint32_t i = 0; i < waiting_count; i++) {
        due += due_p(&waiting[i]);
        old += waiting[i].old;
    }
    double share = due ? (double)(NEWCOMERS_OLD_MAX - old) / due : 0;
    for (uint32_t i = 0; due && i < waiting_count; i++) {
        if (!due_p(&waiting[i])) continue;
        waiting[i].old = old < NEWCOMERS_OLD_MAX && random_bits_unit(&randomness) < share;
        if (waiting[i].old)
            old++;
        else
            waiting[i].born.object = waiting[i].born.thread = Qfalse;
    }
}

/* During a collection. */
static void mark_waiting(void *unused)
{
    (void)unused;
    newcomers_let_go();
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
}

uint32_t newcomers_count(void)
{
    return waiting_count;
}

struct newcomer *newcomers_at(uint32_t i)
{
    return &waiting[i];
}

void newcomers_add(const struct newborn *newborn, uint32_t number)
{
    waiting[waiting_count++] = (struct newcomer){*newborn, number, false};
}

bool newcomers_take(struct newcomer *newcomer)
{
    if (!waiting_count) return false;
    *newcomer = waiting[--waiting_count];
    return true;
}

void newcomers_remove(uint32_t i)
{
    waiting[i] = waiting[--waiting_count];
}
