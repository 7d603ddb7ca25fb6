#include "sampling/window_deaths.h"

#include "base/hook_guard.h"
#include "gc/gc_epoch.h"
#include "vm/arming.h"

#include <string.h>

/* A power of two, twice the samples there may be. */
#define PLACES (WINDOW_SAMPLES * 2)

static struct window_sample *samples;
static VALUE freed_key, final_key;
static uint16_t
    places[PLACES]; /* number of a sample + 1, by its address; one that died stays, and is nobody's */
static bool open;
static uint64_t freed, gone_at_open;
static struct gc_epoch opened;

static size_t place_of(VALUE object)
{
    return (size_t)((object * UINT64_C(0x9E3779B97F4A7C15)) >> 40) & (PLACES - 1);
}

static void put(size_t number)
{
    size_t at = place_of(samples[number].object);
    while (places[at])
        at = (at + 1) & (PLACES - 1);
    places[at] = (uint16_t)(number + 1);
}

/* --- inside hooks and the collector ------------------------------------------------------------------------------------------- */

static void note_death(VALUE object)
{
    freed++;
    for (size_t at = place_of(object); places[at]; at = (at + 1) & (PLACES - 1)) {
        struct window_sample *sample = &samples[places[at] - 1];
        if (sample->object != object) continue;
        sample->object = Qfalse;
        sample->died = true;
        return;
    }
}

static void on_freed_object(VALUE unused, rb_trace_arg_t *event)
{
    (void)unused;
    if (!open) return;
    HOOK_BEGINS();
    note_death(rb_tracearg_object(event));
    HOOK_ENDS();
}

void window_deaths_watch(size_t number)
{
    put(number);
}

void window_deaths_move(size_t count)
{
    if (!open) return;
    memset(places, 0, sizeof places);
    for (size_t i = 0; i < count; i++) {
        struct window_sample *sample = &samples[i];
        if (!sample->object) continue;
        sample->object = rb_gc_location(sample->object);
        put(i);
    }
}

/* --- life --------------------------------------------------------------------------------------------------------------------- */

/* What the VM has freed, with those whose finalizers are still to run: it announces these when they die, and counts them after. */
static uint64_t gone(void)
{
    return rb_gc_stat(freed_key) + rb_gc_stat(final_key);
}

void window_deaths_prepare(struct window_sample *of_window)
{
    samples = of_window;
    gc_epoch_init();
    freed_key = ID2SYM(rb_intern("total_freed_objects"));
    final_key = ID2SYM(rb_intern("heap_final_slots"));
    arming_define(HOOK_FREED_OBJECTS, RUBY_INTERNAL_EVENT_FREEOBJ, on_freed_object);
}

void window_deaths_open(void)
{
    memset(places, 0, sizeof places);
    open = arming_hook_on(HOOK_FREED_OBJECTS); /* takes memory, so that a collection may run */
    freed = 0;
    gone_at_open = gone();
    opened = gc_epoch_now();
}

void window_deaths_close(void)
{
    if (!open) return;
    arming_hook_off(HOOK_FREED_OBJECTS);
    open = false;
}

uint64_t window_deaths_freed(void)
{
    return freed;
}

bool window_deaths_known_p(void)
{
    struct gc_epoch now = gc_epoch_now();
    return open && (gc_epoch_same(&opened, &now) || freed == gone() - gone_at_open);
}

bool window_deaths_settled_p(void)
{
    struct gc_epoch now = gc_epoch_now();
    return open && (gc_epoch_same(&opened, &now) || (freed == gone() - gone_at_open && !now.sweeping));
}
