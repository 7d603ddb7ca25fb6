#include "sampling/allocation_window.h"

#include "base/clock.h"
#include "base/hook_guard.h"
#include "base/random_bits.h"
#include "spans/spans.h"
#include "vm/arming.h"

#include <ruby/debug.h>
#include <ruby/ractor.h>
#include <string.h>

/* One stack in this many is timed. */
#define TIMED_STACKS 8
/* The hook looks at the clock once in this many objects, and more often at the beginning of a window. */
#define LOOK_EVERY 64

struct allocation_window allocation_window;

static VALUE holder = Qnil;
static void (*trigger_job)(void);
static struct random_bits randomness;
static rb_ractor_local_key_t main_ractor_key;
static char main_ractor_mark;
static unsigned stacks_until_timed;

/* --- the hook ------------------------------------------------------------------------------------------------------------- */

/* The klass word of these is no class. */
static inline bool internal_p(VALUE object)
{
    switch ((int)(RBASIC(object)->flags & RUBY_T_MASK)) {
    case T_NONE:
    case T_IMEMO:
    case T_NODE:
    case T_ICLASS:
    case T_ZOMBIE:
    case T_MOVED: return true;
    default: return RBASIC(object)->klass == 0;
    }
}

static inline void count_class(struct allocation_window *window, VALUE klass)
{
    size_t at = (size_t)((klass * UINT64_C(0x9E3779B97F4A7C15)) >> 40) & (WINDOW_CLASSES - 1);
    while (window->classes[at].klass != klass) {
        if (!window->classes[at].klass) {
            if (window->touched_count >= WINDOW_CLASSES / 2) {
                window->uncounted++;
                return;
            }
            window->touched[window->touched_count++] = (uint16_t)at;
            window->classes[at].klass = klass;
            break;
        }
        at = (at + 1) & (WINDOW_CLASSES - 1);
    }
    window->classes[at].count++;
}

static void take_stack(struct allocation_window *window, struct window_sample *sample)
{
    uint64_t began_ns = 0;
    if (!stacks_until_timed--) {
        began_ns = monotonic_ns();
        stacks_until_timed = TIMED_STACKS - 1;
    }
    VALUE *frames = window->frames + window->frames_used;
    int count = rb_profile_frames(0, window->stack_depth, frames, window->lines + window->frames_used);
    sample->frames_at = window->frames_used;
    sample->frame_count = count > 0 ? (uint16_t)count : 0;
    window->frames_used += sample->frame_count;
    if (began_ns) window->stack_ns = monotonic_ns() - began_ns;
}

static void take_sample(struct allocation_window *window, VALUE object)
{
    window->to_next_stack = random_bits_geometric(&randomness, window->stack_every);
    if (window->sample_count >= WINDOW_SAMPLES ||
        window->frames_used + (uint32_t)window->stack_depth > WINDOW_FRAME_SLOTS) {
        window->samples_missed++;
        return;
    }
    struct window_sample *sample = &window->samples[window->sample_count];
    bool internal = internal_p(object);
    sample->klass = internal ? 0 : RBASIC(object)->klass;
    sample->foreign = rb_ractor_local_storage_ptr(main_ractor_key) != &main_ractor_mark;
    sample->object = internal || sample->foreign ? Qfalse : object;
    sample->span = sample->foreign ? NULL : spans_current();
    sample->born = gc_epoch_now();
    sample->frame_count = 0;
    if (!sample->foreign) take_stack(window, sample);
    window->sample_count++;
}

uint64_t allocation_window_end_ns(void)
{
    const struct allocation_window *window = &allocation_window;
    double own_ns =
        (double)window->seen * window->object_ns + (double)window->sample_count * window->sample_ns;
    return window->close_ns + (uint64_t)own_ns;
}

/* Such that a window which nobody closes in time sees few objects too many. */
static bool over_p(struct allocation_window *window)
{
    if (window->seen < window->next_look) return false;
    uint64_t step = 1 + window->seen / 32;
    window->next_look = window->seen + (step < LOOK_EVERY ? step : LOOK_EVERY);
    return monotonic_ns() >= allocation_window_end_ns();
}

static void note_object(struct allocation_window *window, VALUE object)
{
    window->seen++;
    if (internal_p(object))
        window->internal++;
    else
        count_class(window, RBASIC(object)->klass);
    if (--window->to_next_stack == 0) take_sample(window, object);

    if (over_p(window)) trigger_job();
    if (window->seen >= window->limit) {
        /* In this order: a flag that said "closed" before the hook is off would race with the next opening. */
        arming_hook_off(HOOK_NEW_OBJECTS);
        window->capped = true;
        trigger_job();
    }
}

/* The VM calls hooks on new objects one at a time, in all Ractors. A nested allocation is not announced. */
static void on_new_object(VALUE unused, rb_trace_arg_t *event)
{
    (void)unused;
    if (!allocation_window.open || allocation_window.capped) return;
    HOOK_BEGINS();
    note_object(&allocation_window, rb_tracearg_object(event));
    HOOK_ENDS();
}

/* --- memory ---------------------------------------------------------------------------------------------------------------- */

static void mark(void *data)
{
    const struct allocation_window *window = data;
    for (size_t i = 0; i < window->touched_count; i++)
        rb_gc_mark(window->classes[window->touched[i]].klass);
    for (size_t i = 0; i < window->sample_count; i++)
        rb_gc_mark(window->samples[i].klass);
    for (uint32_t i = 0; i < window->frames_used; i++)
        rb_gc_mark(window->frames[i]);
}

static size_t memory_bytes(const void *data)
{
    (void)data;
    return sizeof allocation_window;
}

/* Not write-barrier protected: the hook writes, and must not call the collector. */
static const rb_data_type_t window_type = {
    .wrap_struct_name = "heap_periscope_agent/allocation_window",
    .function = {.dmark = mark, .dsize = memory_bytes},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

void allocation_window_prepare(void (*trigger)(void))
{
    trigger_job = trigger;
    if (!NIL_P(holder)) return;
    static const struct rb_ractor_local_storage_type unowned = {NULL, NULL};
    random_bits_seed(&randomness, 3);
    rb_gc_register_address(&holder);
    main_ractor_key = rb_ractor_local_storage_ptr_newkey(&unowned);
    rb_ractor_local_storage_ptr_set(main_ractor_key, &main_ractor_mark);
    holder = TypedData_Wrap_Struct(0, &window_type, &allocation_window);
    gc_epoch_init();
    arming_define(HOOK_NEW_OBJECTS, RUBY_INTERNAL_EVENT_NEWOBJ, on_new_object);
}

/* --- opening and closing ----------------------------------------------------------------------------------------------------- */

void allocation_window_open(const struct window_order *order)
{
    struct allocation_window *window = &allocation_window;
    window->close_ns = order->close_ns;
    window->limit = order->limit;
    window->object_ns = order->object_ns;
    window->sample_ns = order->sample_ns;
    window->stack_every = order->stack_every;
    window->stack_depth = order->stack_depth < WINDOW_STACK_MAX ? order->stack_depth : WINDOW_STACK_MAX;
    window->to_next_stack = random_bits_geometric(&randomness, order->stack_every);
    window->next_look = 1;
    window->open = true; /* first: the hook looks */
    if (!arming_hook_on(HOOK_NEW_OBJECTS)) window->open = false;
}

void allocation_window_close(void)
{
    if (!allocation_window.open) return;
    arming_hook_off(HOOK_NEW_OBJECTS);
    allocation_window.open = false;
}

void allocation_window_clear(void)
{
    struct allocation_window *window = &allocation_window;
    for (size_t i = 0; i < window->touched_count; i++)
        window->classes[window->touched[i]] = (struct window_class){0};
    window->touched_count = window->sample_count = 0;
    window->frames_used = 0;
    window->seen = window->internal = window->uncounted = window->samples_missed = window->stack_ns = 0;
    window->capped = false;
}

/* --- calibration ------------------------------------------------------------------------------------------------------------- */

#define CALIBRATION_OBJECTS 2000
#define CALIBRATION_ROUNDS  7

static uint64_t time_allocations(void)
{
    uint64_t began_ns = thread_cpu_ns();
    for (int i = 0; i < CALIBRATION_OBJECTS; i++)
        rb_obj_alloc(rb_cObject);
    return thread_cpu_ns() - began_ns;
}

/* The best of several rounds each way: a collection in between is not the hook's. */
double allocation_window_calibrate(void)
{
    const struct window_order order = {
        .close_ns = UINT64_MAX / 2, .limit = UINT64_MAX, .stack_every = 1e12, .stack_depth = 1};
    uint64_t without_ns = UINT64_MAX, with_ns = UINT64_MAX;
    for (int i = 0; i < CALIBRATION_ROUNDS; i++) {
        uint64_t spent_ns = time_allocations();
        if (spent_ns < without_ns) without_ns = spent_ns;
        allocation_window_open(&order);
        spent_ns = time_allocations();
        allocation_window_close();
        allocation_window_clear();
        if (spent_ns < with_ns) with_ns = spent_ns;
    }
    double object_ns = with_ns > without_ns ? (double)(with_ns - without_ns) / CALIBRATION_OBJECTS : 0;
    return object_ns < 15 ? 15 : object_ns > 500 ? 500 : object_ns;
}
