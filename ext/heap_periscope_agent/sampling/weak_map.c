/* The weak set from Ruby 4.0 on: the objects are keys of an ObjectSpace::WeakMap, places its values. Filling it calls a method, which a
 * job must not, so objects wait for the next visit (waiting_objects.h). */
#include "heap/object_bytes.h"
#include "sampling/waiting_objects.h"
#include "sampling/weak_set.h"

#include <string.h>

static VALUE map = Qnil, store = Qnil;          /* of this map */
static VALUE own_store = Qnil, own_each = Qnil; /* of any */
static _Atomic uint64_t map_bytes;
static bool entered[WEAK_PLACES], seen[WEAK_PLACES];

static VALUE new_map(void)
{
    return rb_class_new_instance(0, NULL, rb_path2class("ObjectSpace::WeakMap"));
}

/* The VM's own method, whatever the program has made of it since. */
static VALUE method_of(VALUE object, VALUE method)
{
    return rb_funcall(method, rb_intern("bind"), 1, object);
}

static VALUE own_method(const char *name)
{
    VALUE klass = rb_path2class("ObjectSpace::WeakMap");
    return rb_funcall(klass, rb_intern("instance_method"), 1, ID2SYM(rb_intern(name)));
}

static void init(void)
{
    static bool done;
    if (done) return;
    done = true;
    waiting_objects_init();
    rb_gc_register_address(&map);
    rb_gc_register_address(&store);
    rb_gc_register_address(&own_store);
    rb_gc_register_address(&own_each);
    own_store = own_method("[]=");
    own_each = own_method("each_pair");
}

static void stop(void)
{
    map = store = Qnil;
    map_bytes = 0;
    waiting_objects_stop();
    memset(entered, 0, sizeof entered);
}

static void start(void)
{
    stop();
    map = new_map();
    store = method_of(map, own_store);
    waiting_objects_start();
}

static bool sound(void)
{
    return true;
}

static bool enter(uint32_t place, VALUE object)
{
    return waiting_objects_add(object, place);
}

static void forget(uint32_t place)
{
    entered[place] = false;
    waiting_objects_forget(place);
}

static void put(VALUE into, VALUE object, uint32_t place)
{
    VALUE pair[] = {object, UINT2NUM(place)};
    rb_method_call(2, pair, into);
    RB_GC_GUARD(object);
}

/* Others may come and wait meanwhile. */
static void settle(const struct weak_fates *fates)
{
    for (struct waiting_object one; waiting_objects_take(&one);) {
        if (one.fate == WAITING_DEAD) {
            fates->dead(one.place);
        } else if (one.fate == WAITING_UNKNOWN) {
            fates->lost(one.place);
        } else {
            entered[one.place] = true;
            put(store, one.object, one.place);
        }
        RB_GC_GUARD(one.object);
    }
}

struct visit {
    const struct weak_question *question;
    VALUE map, into; /* that is asked, and that is filled, or Qnil */
};

static VALUE each_entry(VALUE map_asked, VALUE (*visitor)(RB_BLOCK_CALL_FUNC_ARGLIST(, )),
                        struct visit *visit)
{
    VALUE each = method_of(map_asked, own_each), block = rb_proc_new(visitor, (VALUE)visit);
    return rb_method_call_with_block(0, NULL, each, block);
}

static bool place_of(VALUE value, uint32_t *place)
{
    if (!FIXNUM_P(value)) return false;
    *place = (uint32_t)FIX2ULONG(value);
    return *place < WEAK_PLACES && entered[*place];
}

static VALUE note(RB_BLOCK_CALL_FUNC_ARGLIST(yielded, data))
{
    const struct visit *visit = (struct visit *)data;
    uint32_t place;
    (void)yielded, (void)blockarg;
    if (visit->map != map || argc < 2 || !place_of(argv[1], &place)) return Qnil;
    seen[place] = true;
    if (visit->question->wanted(place)) visit->question->living(place, argv[0]);
    return Qnil;
}

static bool ask(const struct weak_question *question)
{
    struct visit visit = {.question = question, .map = map};
    memset(seen, 0, sizeof seen);
    each_entry(visit.map, note, &visit);
    if (visit.map != map) return true; /* the set was given up, or begun anew, by another thread */
    for (uint32_t place = 0; place < WEAK_PLACES; place++)
        if (entered[place] && !seen[place]) question->dead(place);
    map_bytes = object_bytes(map);
    return true;
}

static VALUE copy(RB_BLOCK_CALL_FUNC_ARGLIST(yielded, data))
{
    const struct visit *visit = (struct visit *)data;
    uint32_t place;
    (void)yielded, (void)blockarg;
    if (argc == 2 && place_of(argv[1], &place)) put(visit->into, argv[0], place);
    return Qnil;
}

/* A map that has forgotten many keeps its size. */
static void tidy(void)
{
    VALUE fresh = new_map();
    struct visit visit = {.map = map, .into = method_of(fresh, own_store)};
    each_entry(visit.map, copy, &visit);
    if (visit.map != map) return;
    map = fresh;
    store = visit.into;
    map_bytes = object_bytes(map);
}

static uint64_t bytes(void)
{
    return map_bytes;
}

const struct weak_set_kind weak_map = {.name = "map",
                                       .init = init,
                                       .start = start,
                                       .stop = stop,
                                       .sound = sound,
                                       .enter = enter,
                                       .forget = forget,
                                       .waiting = waiting_objects_any_p,
                                       .settle = settle,
                                       .ask = ask,
                                       .tidy = tidy,
                                       .bytes = bytes};
