#include "guarded_call.h"

/* The exception itself stays in the thread's errinfo, where the collector sees it. */
static __thread int kept;

bool guarded_call(VALUE (*code)(VALUE), VALUE argument, VALUE *result)
{
    int failed = 0;
    VALUE value = rb_protect(code, argument, &failed);
    if (failed) {
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
    return kept != 0;
}

void guarded_call_pass_on(void)
{
    int tag = kept;
    kept = 0;
    if (tag && !NIL_P(rb_errinfo())) rb_jump_tag(tag);
}
