/* What of ours the VM calls back, and whether it may be: the only part that sets or removes hooks.
 *
 * Arming is open as long as the reporter runs. What is armed later than that (by a turn that waited for the GVL while the reporter
 * was stopped, say) would stay behind, and the VM would call it while it takes itself apart. So whoever sets a hook, starts a timer or
 * triggers a job asks here, and is told no.
 *
 * Hooks are plain functions, not TracePoints: the VM frees a TracePoint before it has called its hooks for the last time, and
 * raises inside the collector when it finds that out. */
#ifndef HEAP_PERISCOPE_ARMING_H
#define HEAP_PERISCOPE_ARMING_H

#include <ruby.h>
#include <ruby/debug.h>
#include <stdbool.h>

enum arming_hook { HOOK_NEW_OBJECTS, HOOK_COLLECTIONS, HOOK_MARKINGS, HOOK_FIBERS, ARMING_HOOKS };

/* Runs inside the VM, for the internal events without a right to allocate, to lock or to raise. */
typedef void (*arming_hook_function)(VALUE unused, rb_trace_arg_t *event);

/* Says what is called for which events. Before the first switch. GVL. */
void arming_define(enum arming_hook hook, rb_event_flag_t events, arming_hook_function function);

/* The reporter is about to run. False when the main thread has ended: nothing is begun in a VM that is taken apart. Calls a method of
 * Ruby, so not in a job. GVL. */
bool arming_open(void);

/* The reporter runs no more: removes every hook, and none is set until `arming_open`. GVL. */
void arming_close(void);

/* Any thread. */
bool arming_open_p(void);

/* Sets a hook. False when arming is closed, the hook is banned or there is no memory. GVL, main Ractor; inside jobs, too. */
bool arming_hook_on(enum arming_hook hook);

/* Removes a hook; inside the hook itself, too. GVL, main Ractor. */
void arming_hook_off(enum arming_hook hook);

bool arming_hook_on_p(enum arming_hook hook);

/* Removes a hook for good, as long as the process lives. GVL, main Ractor. */
void arming_ban(enum arming_hook hook);

#endif
