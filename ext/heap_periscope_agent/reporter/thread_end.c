#include "reporter/thread_end.h"

#include "base/clock.h"
#include "vm/guarded_call.h"

#include <stdbool.h>

/* How long the GVL is let go of at a time. */
#define NAP_US 1000

static VALUE alive_p(VALUE thread)
{
    return rb_funcall(thread, rb_intern("alive?"), 0);
}

/* A thread that waits for the GVL is among them, one that sleeps or waits for the system is not. */
static VALUE others_compute_p(VALUE ending)
{
    VALUE threads = rb_funcall(rb_cThread, rb_intern("list"), 0);
    for (long i = 0; i < RARRAY_LEN(threads); i++) {
        VALUE other = RARRAY_AREF(threads, i);
        if (other == ending || other == rb_thread_current()) continue;
        VALUE status = rb_funcall(other, rb_intern("status"), 0);
        if (RB_TYPE_P(status, T_STRING) && strcmp(StringValueCStr(status), "run") == 0) return Qtrue;
    }
    return Qfalse;
}

static VALUE nap(VALUE unused)
{
    rb_thread_wait_for((struct timeval){.tv_usec = NAP_US});
    return unused;
}

/* Where the program's own methods raise, the answer is yes. */
static bool ask(VALUE (*question)(VALUE), VALUE thread)
{
    VALUE answer = Qtrue;
    return !guarded_call(question, thread, &answer) || RTEST(answer);
}

void thread_end_await(VALUE thread, uint64_t deadline_ns)
{
    if (NIL_P(thread) || thread == rb_thread_current()) return;
    while (ask(alive_p, thread) && monotonic_ns() < deadline_ns && !ask(others_compute_p, thread)) {
        if (!guarded_call(nap, Qnil, NULL)) return;
    }
    RB_GC_GUARD(thread);
}
