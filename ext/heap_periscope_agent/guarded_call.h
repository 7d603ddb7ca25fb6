/* Ruby code called from C on a thread that may be interrupted meanwhile (Thread#raise, Thread#kill, Timeout, throw).
 *
 * rb_protect alone would swallow the interrupt: the program's timeout would never fire, its thread not die. Here it is kept
 * for the thread, and passed on where the caller has put its house in order. None of that may run inside a postponed job, out of
 * which the VM lets no exception pass: jobs call C only, by guarded_c_call. */
#ifndef HEAP_PERISCOPE_GUARDED_CALL_H
#define HEAP_PERISCOPE_GUARDED_CALL_H

#include <ruby.h>
#include <stdbool.h>

/* Calls `code(argument)`, which may raise. False when it did; what was raised is kept. GVL. */
bool guarded_call(VALUE (*code)(VALUE), VALUE argument, VALUE *result);

/* The same for C that calls no methods, so that all it may raise is an error of its own (NoMemoryError): that is dropped, and an
 * exception that is under way stays what it is. Inside jobs, too. GVL. */
bool guarded_c_call(VALUE (*code)(VALUE), VALUE argument, VALUE *result);

/* True when the running native thread has something kept. Any thread. */
bool guarded_call_pending(void);

/* Raises what is kept for this thread, if anything. GVL; nothing may be left to free. */
void guarded_call_pass_on(void);

#endif
