#include "gc/gc_events.h"

#include "base/clock.h"
#include "base/hook_guard.h"
#include "vm/arming.h"
#include "vm/symbol_names.h"

#include <pthread.h>
#include <ruby.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

static VALUE major_by_key, gc_by_key;

/* Written by the hooks, which the VM never runs twice at a time. Read under the GVL. */
static struct {
    uint64_t entered_ns, total_ns, events;
    uint64_t written; /* pauses ever written into the ring */
    struct gc_pause ring[GC_EVENTS_RING];
    VALUE reasons[GC_EVENTS_RING]; /* Symbols of the VM, which are no objects */
    struct pause_histogram histogram;
} measured;

static uint64_t read_up_to, events_at_check, collections_at_check;

static uint64_t current_thread_id(void)
{
#ifdef __linux__
    return (uint64_t)syscall(SYS_gettid);
#else
    uint64_t id = 0;
    pthread_threadid_np(NULL, &id);
    return id;
#endif
}

static void record_pause(uint64_t pause_ns)
{
    VALUE major_by = rb_gc_latest_gc_info(major_by_key);
    bool major = !NIL_P(major_by);
    size_t position = measured.written++ % GC_EVENTS_RING;
    struct gc_pause *pause = &measured.ring[position];
    pause->pause_ns = pause_ns;
    pause->thread_id = current_thread_id();
    pause->major = major;
    measured.reasons[position] = major ? major_by : rb_gc_latest_gc_info(gc_by_key);
    pause_histogram_add(&measured.histogram, pause_ns, major);
    measured.total_ns += pause_ns;
}

/* Runs inside the collector: no allocation, no lock, no exception. */
static void on_gc_event(VALUE unused, rb_trace_arg_t *event)
{
    (void)unused;
    HOOK_BEGINS();
    measured.events++;
    if (rb_tracearg_event_flag(event) == RUBY_INTERNAL_EVENT_GC_ENTER) {
        measured.entered_ns = monotonic_ns();
    } else if (measured.entered_ns) {
        record_pause(monotonic_ns() - measured.entered_ns);
        measured.entered_ns = 0;
    }
    HOOK_ENDS();
}

void gc_events_init(void)
{
    major_by_key = ID2SYM(rb_intern("major_by"));
    gc_by_key = ID2SYM(rb_intern("gc_by"));
    arming_define(HOOK_COLLECTIONS, RUBY_INTERNAL_EVENT_GC_ENTER | RUBY_INTERNAL_EVENT_GC_EXIT, on_gc_event);
}

/* rb_postponed_job_preregister came with Ruby 3.3, as did the split of the allocation hooks from the others. */
bool gc_events_free_p(void)
{
#ifdef HAVE_RB_POSTPONED_JOB_PREREGISTER
    return true;
#else
    return false;
#endif
}

void gc_events_enable(bool enable)
{
    if (enable == gc_events_enabled_p()) return;
    if (enable)
        arming_hook_on(HOOK_COLLECTIONS);
    else
        arming_hook_off(HOOK_COLLECTIONS);
    measured.entered_ns = 0;
    events_at_check = measured.events;
    collections_at_check = rb_gc_count();
}

bool gc_events_enabled_p(void)
{
    return arming_hook_on_p(HOOK_COLLECTIONS);
}

void gc_events_check(uint64_t collections)
{
    if (!gc_events_enabled_p()) return;
    if (collections > collections_at_check && measured.events == events_at_check) {
        gc_events_enable(false);
        gc_events_enable(true);
    }
    collections_at_check = collections;
    events_at_check = measured.events;
}

size_t gc_events_drain_ring(struct gc_pause *pauses, size_t limit)
{
    uint64_t available = measured.written - read_up_to;
    if (available > GC_EVENTS_RING) available = GC_EVENTS_RING;
    if (available > limit) available = limit;
    for (uint64_t i = 0; i < available; i++) {
        size_t position = (measured.written - available + i) % GC_EVENTS_RING;
        pauses[i] = measured.ring[position];
        pauses[i].reason = symbol_name(measured.reasons[position]);
    }
    read_up_to = measured.written;
    return (size_t)available;
}

void gc_events_copy_histogram(struct pause_histogram *histogram, bool take)
{
    *histogram = measured.histogram;
    if (take) memset(&measured.histogram, 0, sizeof measured.histogram);
}

uint64_t gc_events_total_ns(void)
{
    return measured.total_ns;
}

void gc_events_reset(void)
{
    memset(&measured, 0, sizeof measured);
    read_up_to = events_at_check = 0;
    collections_at_check = rb_gc_count();
}
