#include "gc/gc_epoch.h"

static VALUE state_key, marking;

void gc_epoch_init(void)
{
    state_key = ID2SYM(rb_intern("state"));
    marking = ID2SYM(rb_intern("marking"));
}

struct gc_epoch gc_epoch_now(void)
{
    return (struct gc_epoch){rb_gc_count(), rb_gc_latest_gc_info(state_key) == marking};
}
