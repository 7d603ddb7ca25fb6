#include "sampling/waiting_objects.h"

#include "base/hook_guard.h"
#include "gc/gc_epoch.h"
#include "vm/arming.h"
#include "vm/vm.h"

#define WAITING_MAX 4096

/* `since`: no marking has ended from then on that is not accounted for. */
static struct waiting {
    struct waiting_object one;
    struct gc_epoch since;
} waiting[WAITING_MAX];
static uint32_t count;
static VALUE holder;

/* Inside the collector, before it frees what it has not marked: no allocation, no lock, no exception. */
static void on_marked(VALUE unused, rb_trace_arg_t *event)
{
    (void)unused, (void)event;
    HOOK_BEGINS();
    const struct gc_epoch after = {.collections = rb_gc_count()};
    for (uint32_t i = 0; i < count; i++) {
        struct waiting_object *one = &waiting[i].one;
        /* One that has missed a marking is not to be looked at. */
        if (!one->object || gc_epoch_markings(&waiting[i].since) + 1 != gc_epoch_markings(&after)) continue;
        waiting[i].since = after;
        if (vm_marked_p(one->object)) continue;
        one->object = 0;
        one->fate = WAITING_DEAD;
    }
    HOOK_ENDS();
}

/* The collector moves objects right after it has marked them. */
static void follow(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < count; i++)
        if (waiting[i].one.object && !waiting[i].since.marking &&
            waiting[i].since.collections == rb_gc_count())
            waiting[i].one.object = rb_gc_location(waiting[i].one.object);
}

static const rb_data_type_t holder_type = {
    .wrap_struct_name = "heap_periscope_agent/waiting_objects",
    .function = {.dcompact = follow},
    .flags = RUBY_TYPED_WB_PROTECTED,
};

void waiting_objects_init(void)
{
    gc_epoch_init();
    rb_gc_register_address(&holder);
    holder = TypedData_Wrap_Struct(0, &holder_type, waiting);
    arming_define(HOOK_MARKINGS, RUBY_INTERNAL_EVENT_GC_END_MARK, on_marked);
}

void waiting_objects_start(void)
{
    count = 0;
    if (vm_tells_marks_p()) arming_hook_on(HOOK_MARKINGS);
}

void waiting_objects_stop(void)
{
    arming_hook_off(HOOK_MARKINGS);
    count = 0;
}

bool waiting_objects_add(VALUE object, uint32_t place)
{
    if (count == WAITING_MAX) return false;
    waiting[count] = (struct waiting){{object, place, WAITING_LIVES}, gc_epoch_now()};
    count++;
    return true;
}

void waiting_objects_forget(uint32_t place)
{
    for (uint32_t i = count; i--;)
        if (waiting[i].one.place == place) waiting[i] = waiting[--count];
}

bool waiting_objects_any_p(void)
{
    return count > 0;
}

/* Whoever looked at the epoch first could have one freed in between: the object is on the machine's stack before. */
bool waiting_objects_take(struct waiting_object *one)
{
    if (!count) return false;
    struct waiting last = waiting[--count];
    *one = last.one;
    struct gc_epoch now = gc_epoch_now();
    if (one->fate == WAITING_LIVES && !gc_epoch_same(&last.since, &now))
        *one = (struct waiting_object){.place = one->place, .fate = WAITING_UNKNOWN};
    return true;
}
