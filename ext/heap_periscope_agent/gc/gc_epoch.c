#include "gc/gc_epoch.h"

static VALUE state_key, marking, sweeping;

void gc_epoch_init(void)
{
    state_key = ID2SYM(rb_intern("state"));
    marking = ID2SYM(rb_intern("marking"));
    sweeping = ID2SYM(rb_intern("sweeping"));
}

struct gc_epoch gc_epoch_now(void)
{
    VALUE state = rb_gc_latest_gc_info(state_key);
    return (struct gc_epoch){rb_gc_count(), state == marking, state == sweeping};
}
