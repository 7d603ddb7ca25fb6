#include "reporter/vm_end.h"

#include "process/identity.h"
#include "sampling/window_timer.h"
#include "vm/arming.h"
#include "vm/job_trigger.h"

#include <ruby.h>

/* A process that says goodbye has ended them long before; this is for the agent that is started after that. A child that nobody
 * has told of its fork has none of the parent's threads to wait for. */
static void end_threads(void *unused)
{
    (void)unused;
    if (identity_stale_p()) return;
    window_timer_stop();
    job_trigger_end();
}

/* Runs after the program's own at_exit blocks, but for those that are older than the agent. One of these may start it again. */
static void begin_end(VALUE unused)
{
    (void)unused;
    arming_close();
}

/* The VM frees all data when every Ruby thread has ended, and itself after that. */
static const rb_data_type_t keeper_type = {
    .wrap_struct_name = "heap_periscope_agent/vm_end",
    .function = {.dfree = end_threads},
};

void vm_end_init(void)
{
    rb_set_end_proc(begin_end, Qnil);
    static VALUE keeper;
    static char something;           /* data without an address is not freed */
    rb_gc_register_address(&keeper); /* first: it may collect */
    keeper = TypedData_Wrap_Struct(0, &keeper_type, &something);
}
