#include "vm/ractor_watch.h"

#include "vm/guarded_call.h"

#include <ruby/ractor.h>
#include <stdatomic.h>

/* Ractors announced so far, and the number at which it was last known that none of them runs any more. */
static _Atomic unsigned long announced, known_gone;
static _Atomic unsigned long being_made; /* announced, and perhaps not counted by the VM yet */
static _Atomic bool seen;
static void (*before_first)(void);

static void note(void)
{
    atomic_fetch_add(&announced, 1);
    if (!atomic_exchange(&seen, true)) before_first();
}

struct making {
    int argc;
    VALUE *argv;
};

static VALUE make(VALUE argument)
{
    const struct making *making = (struct making *)argument;
    return rb_call_super_kw(making->argc, making->argv, RB_PASS_CALLED_KEYWORDS);
}

/* In a child that was forked in between nothing is to be taken back. */
static VALUE made(VALUE unused)
{
    if (atomic_load(&being_made)) atomic_fetch_sub(&being_made, 1);
    return unused;
}

/* In any Ractor; the first is made in the main one. Other threads may run before it is made, and ask. */
static VALUE announce(int argc, VALUE *argv, VALUE self)
{
    (void)self;
    struct making making = {argc, argv};
    atomic_fetch_add(&being_made, 1);
    note();
    return rb_ensure(make, (VALUE)&making, made, Qnil);
}

static VALUE count(VALUE unused)
{
    (void)unused;
    return rb_funcall(rb_cRactor, rb_intern("count"), 0);
}

static bool others_p(void)
{
    VALUE number = Qnil;
    return !guarded_call(count, Qnil, &number) || !FIXNUM_P(number) || FIX2LONG(number) > 1;
}

void ractor_watch_init(VALUE agent, void (*first)(void))
{
    before_first = first;
    VALUE announcement = rb_define_module_under(agent, "RactorAnnouncement");
#ifdef HAVE_RB_EXT_RACTOR_SAFE
    rb_ext_ractor_safe(true);
#endif
    rb_define_method(announcement, "new", announce, -1);
#ifdef HAVE_RB_EXT_RACTOR_SAFE
    rb_ext_ractor_safe(false);
#endif
    rb_prepend_module(rb_singleton_class(rb_cRactor), announcement);
    if (others_p()) note();
}

/* Only the thread that forked lives in a child, and so does its Ractor. */
void ractor_watch_after_fork(void)
{
    atomic_store(&being_made, 0);
}

bool ractor_watch_alone_p(void)
{
    return atomic_load(&announced) == atomic_load(&known_gone);
}

bool ractor_watch_seen_p(void)
{
    return atomic_load(&seen);
}

bool ractor_watch_ask(void)
{
    unsigned long asked_at = atomic_load(&announced);
    if (!ractor_watch_alone_p() && !atomic_load(&being_made) && !others_p())
        atomic_store(&known_gone, asked_at);
    return ractor_watch_alone_p();
}
