#include "vm/ractor_watch.h"

#include "vm/guarded_call.h"

#include <ruby/ractor.h>
#include <stdatomic.h>

/* Ractors announced so far, and the number at which it was last known that none of them runs any more. */
static _Atomic unsigned long announced, known_gone;
static _Atomic bool seen;
static void (*before_first)(void);

static void note(void)
{
    atomic_fetch_add(&announced, 1);
    if (!atomic_exchange(&seen, true)) before_first();
}

/* In any Ractor; the first is made in the main one. */
static VALUE announce(int argc, VALUE *argv, VALUE self)
{
    (void)self;
    note();
    return rb_call_super_kw(argc, argv, RB_PASS_CALLED_KEYWORDS);
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
    if (!ractor_watch_alone_p() && !others_p()) atomic_store(&known_gone, asked_at);
    return ractor_watch_alone_p();
}
