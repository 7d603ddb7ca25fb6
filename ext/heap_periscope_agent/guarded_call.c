#include "guarded_call.h"

/* The exception itself stays in the thread's errinfo, where the collector sees it. */
static __thread int kept;
/* Threads that have something kept, and some that died with it. Asked first, since a thread's own variable takes a call to find.
 * Atomic; a thread always sees what it has written itself. */
static unsigned keeping;

bool guarded_call(VALUE (*code)(VALUE), VALUE argument, VALUE *result)
{
    int failed = 0;
    VALUE value = rb_protect(code, argument, &failed);
    if (failed) {
        if (!kept) __atomic_add_fetch(&keeping, 1, __ATOMIC_RELAXED);
        kept = failed;
        return false;
    }
    if (result) *result = value;
    return true;
}

bool guarded_c_call(VALUE (*code)(VALUE), VALUE argument, VALUE *result)
{
    int failed = 0;
    VALUE under_way = rb_errinfo(), value = rb_protect(code, argument, &failed);
    if (failed) {
        if (NIL_P(under_way) || RTEST(rb_obj_is_kind_of(under_way, rb_eException))) rb_set_errinfo(under_way);
        return false;
    }
    if (result) *result = value;
    return true;
}

bool guarded_call_pending(void)
{
    return __atomic_load_n(&keeping, __ATOMIC_RELAXED) && kept;
}

void guarded_call_pass_on(void)
{
    if (!guarded_call_pending()) return;
    int tag = kept;
    kept = 0;
    __atomic_sub_fetch(&keeping, 1, __ATOMIC_RELAXED);
    if (!NIL_P(rb_errinfo())) rb_jump_tag(tag);
}
