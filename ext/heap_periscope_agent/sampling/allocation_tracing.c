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

bool allocation_tracing_p(void)
{
    if (!loaded_p()) return false;
    VALUE probe = rb_obj_alloc(rb_cObject), generation = rb_method_call(1, &probe, generation_of);
    rb_obj_hide(probe);
    return !NIL_P(generation);
}
