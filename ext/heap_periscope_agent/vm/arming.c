#include "vm/arming.h"

#include "vm/guarded_call.h"

#include <stdatomic.h>

struct hook {
    arming_hook_function function;
    rb_event_flag_t events;
    bool on, banned;
};

static struct hook hooks[ARMING_HOOKS];
static _Atomic bool open;

/* The VM takes a function that gets the event itself by the type of one that does not. */
static rb_event_hook_func_t untyped(arming_hook_function function)
{
    return (rb_event_hook_func_t)(void (*)(void))function;
}

void arming_define(enum arming_hook hook, rb_event_flag_t events, arming_hook_function function)
{
    hooks[hook].events = events;
    hooks[hook].function = function;
}

/* --- open and closed -------------------------------------------------------------------------------------------------------- */

static VALUE main_thread_alive(VALUE unused)
{
    (void)unused;
    return rb_funcall(rb_thread_main(), rb_intern("alive?"), 0);
}

bool arming_open(void)
{
    VALUE alive = Qtrue; /* where an interrupt comes instead of an answer */
    guarded_call(main_thread_alive, Qnil, &alive);
    if (RTEST(alive)) atomic_store(&open, true);
    return RTEST(alive);
}

void arming_close(void)
{
    atomic_store(&open, false);
    for (enum arming_hook hook = 0; hook < ARMING_HOOKS; hook++)
        arming_hook_off(hook);
}

bool arming_open_p(void)
{
    return atomic_load(&open);
}

/* --- hooks ------------------------------------------------------------------------------------------------------------------ */

static void do_nothing(VALUE unused, rb_trace_arg_t *event)
{
    (void)unused, (void)event;
}

/* Ruby 4.0 goes on taking the slow way to every new object when its last internal hook is removed. So one stays that costs nothing;
 * before Ruby 3.3 it would. */
static void leave_one_behind(void)
{
#ifdef HAVE_RB_POSTPONED_JOB_PREREGISTER
    static bool left;
    if (left) return;
    rb_add_event_hook2(untyped(do_nothing), RUBY_INTERNAL_EVENT_GC_START, Qnil,
                       RUBY_EVENT_HOOK_FLAG_SAFE | RUBY_EVENT_HOOK_FLAG_RAW_ARG);
    left = true;
#else
    (void)do_nothing;
#endif
}

static VALUE add(VALUE argument)
{
    const struct hook *hook = (const struct hook *)argument;
    if (hook->events & RUBY_INTERNAL_EVENT_NEWOBJ) leave_one_behind();
    rb_add_event_hook2(untyped(hook->function), hook->events, Qnil,
                       RUBY_EVENT_HOOK_FLAG_SAFE | RUBY_EVENT_HOOK_FLAG_RAW_ARG);
    return Qnil;
}

bool arming_hook_on(enum arming_hook which)
{
    struct hook *hook = &hooks[which];
    if (hook->on) return true;
    if (!arming_open_p() || hook->banned || !hook->function) return false;
    hook->on = guarded_c_call(add, (VALUE)hook, NULL);
    return hook->on;
}

void arming_hook_off(enum arming_hook which)
{
    struct hook *hook = &hooks[which];
    if (!hook->on) return;
    hook->on = false;
    rb_remove_event_hook(untyped(hook->function));
}

bool arming_hook_on_p(enum arming_hook which)
{
    return hooks[which].on;
}

void arming_ban(enum arming_hook which)
{
    hooks[which].banned = true;
    arming_hook_off(which);
}
