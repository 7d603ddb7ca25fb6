#include "sampling/allocation_tracing.h"

#include <ruby.h>

/* ObjectSpace.allocation_generation as the library objspace defines it, or nil as long as nobody has loaded that. */
static VALUE generation_of = Qnil;

static bool loaded_p(void)
{
    if (!NIL_P(generation_of)) return true;
    VALUE space = rb_path2class("ObjectSpace");
    ID id = rb_intern("allocation_generation");
    if (!rb_method_boundp(rb_singleton_class(space), id, 0)) return false;
    rb_gc_register_address(&generation_of);
    generation_of = rb_obj_method(space, ID2SYM(id));
    return true;
}

/* The probe has no class from birth, so nobody finds it. It is a String because marking a hidden T_OBJECT crashes Ruby 3.3 and 3.4. */
bool allocation_tracing_p(void)
{
    if (!loaded_p()) return false;
    VALUE probe = rb_str_tmp_new(0), generation = rb_method_call(1, &probe, generation_of);
    RB_GC_GUARD(probe);
    return !NIL_P(generation);
}
