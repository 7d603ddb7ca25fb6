/* The weak set of Rubies before 4.0: object ids. Giving one calls no method, so a place knows its object from the digestion of its
 * window on. Asking for one who died raises, which takes some microseconds; so the questions are spread over visits.
 *
 * Once a Ractor has started _id2ref refuses every object that Ractors do not share. */
#include "base/clock.h"
#include "sampling/weak_set.h"

#include <string.h>

/* The clock is read once in so many questions. */
#define LOOK_EVERY 16

static VALUE ids[WEAK_PLACES]; /* Integers that are no objects of the heap; 0: the place knows nothing */
static uint32_t cursor;
static unsigned generation; /* of the set: another thread may begin it anew while a question is asked */
static VALUE id_to_object = Qnil;
/* An object that is known to live: when the VM says that it does not, its answers are worth nothing. */
static VALUE witness = Qnil;

static void init(void)
{
    if (!NIL_P(id_to_object)) return;
    rb_gc_register_address(&id_to_object);
    rb_gc_register_address(&witness);
    witness = rb_obj_alloc(rb_cObject);
    /* The VM's own, whatever the program makes of ObjectSpace later. */
    id_to_object = rb_obj_method(rb_path2class("ObjectSpace"), ID2SYM(rb_intern("_id2ref")));
}

static void start(void)
{
    memset(ids, 0, sizeof ids);
    cursor = 0;
    generation++;
}

static bool enter(uint32_t place, VALUE object)
{
    VALUE id = rb_obj_id(object);
    ids[place] = FIXNUM_P(id) ? id : 0;
    return ids[place];
}

static void forget(uint32_t place)
{
    ids[place] = 0;
}

static bool waiting(void)
{
    return false;
}

static void settle(const struct weak_fates *fates)
{
    (void)fates;
}

static VALUE look_up(VALUE id)
{
    return rb_method_call(1, &id, id_to_object);
}

/* Qundef when it is no more. Whatever else is raised goes on its way. */
static VALUE object_of(VALUE id)
{
    int failed = 0;
    VALUE before = rb_errinfo(), object = rb_protect(look_up, id, &failed);
    if (!failed) return object;
    VALUE error = rb_errinfo();
    if (RB_SPECIAL_CONST_P(error) || !RTEST(rb_obj_is_kind_of(error, rb_eRangeError))) rb_jump_tag(failed);
    rb_set_errinfo(RB_SPECIAL_CONST_P(before) ? Qnil : before);
    return Qundef;
}

static bool sound(void)
{
    return object_of(rb_obj_id(witness)) == witness;
}

/* False when the set is not sound. */
static bool ask_one(const struct weak_question *question, uint32_t place)
{
    if (!question->wanted(place)) return true;
    unsigned asked = generation;
    VALUE id = ids[place], object = id ? object_of(id) : Qundef;
    if (object == Qundef && id && !sound()) return false;
    if (asked != generation || ids[place] != id) return true;
    if (object == Qundef)
        question->dead(place);
    else
        question->living(place, object);
    RB_GC_GUARD(object);
    return true;
}

static bool ask(const struct weak_question *question)
{
    uint64_t until_ns = thread_cpu_ns() + question->budget_ns;
    for (unsigned asked = 1; cursor < WEAK_PLACES; asked++) {
        if (!ask_one(question, cursor++)) break;
        if (asked % LOOK_EVERY == 0 && thread_cpu_ns() >= until_ns) break;
    }
    bool over = cursor >= WEAK_PLACES;
    if (over) cursor = 0;
    return over;
}

static void tidy(void)
{
}

static uint64_t bytes(void)
{
    return 0;
}

const struct weak_set_kind weak_ids = {.name = "ids",
                                       .ends_with_ractors = true,
                                       .init = init,
                                       .start = start,
                                       .stop = start,
                                       .sound = sound,
                                       .enter = enter,
                                       .forget = forget,
                                       .waiting = waiting,
                                       .settle = settle,
                                       .ask = ask,
                                       .tidy = tidy,
                                       .bytes = bytes};
