/* Ruby code of ours, called from C on threads that may be interrupted meanwhile (Thread#raise, Thread#kill, Timeout).
 *
 * rb_protect alone would swallow the interrupt: the program's timeout would never fire, its thread not die. So interrupts wait while
 * anything is guarded, as under Thread.handle_interrupt(Object => :never): what a guard catches was raised by its own code. They are
 * delivered where the outermost guard ends, out of the function that ended it.
 *
 * A postponed job lets no exception out, not even at its end: jobs call C only, by guarded_c_call. */
#ifndef HEAP_PERISCOPE_GUARDED_CALL_H
#define HEAP_PERISCOPE_GUARDED_CALL_H

#include <ruby.h>
#include <stdbool.h>

/* Once, from Init. */
void guarded_call_init(void);

/* Calls `code(argument)`, which may raise. False when it did; what was raised is dropped. Raises nothing but the interrupts that waited
 * meanwhile: where something would be left undone or unfreed then, call from inside of interrupts_wait. GVL. */
bool guarded_call(VALUE (*code)(VALUE), VALUE argument, VALUE *result);

/* The same for C that calls no methods, so that all it may raise is an error of its own (NoMemoryError): that is dropped, and an
 * exception that is under way stays what it is. Inside jobs, too. Raises nothing. GVL. */
bool guarded_c_call(VALUE (*code)(VALUE), VALUE argument, VALUE *result);

/* Whether what is under way is an exception of Ruby's, and not a kill or a throw. Any value of rb_errinfo. GVL. */
bool guarded_exception_p(VALUE error);

/* Forgets what rb_protect has caught and returned `failed` for. GVL. */
void guarded_drop(int failed);

/* Answers `code(argument)`, and interrupts wait until it has returned or raised. GVL, never inside a job. */
VALUE interrupts_wait(VALUE (*code)(VALUE), VALUE argument);

/* --- the reporter's thread ---------------------------------------------------------------------------------------------------- */

/* The same for all the running thread does until then: guarded_call need not, and allocates nothing. */
VALUE interrupts_wait_for_life(VALUE (*code)(VALUE), VALUE argument);

/* On that thread: whether something waits. GVL. */
bool interrupts_waiting_p(void);

/* On that thread: delivers what waits. GVL; nothing may be left to free. */
void interrupts_deliver(void);

/* On that thread: calls code of the program's (a logger, a callback), which may be interrupted as it expects to be. Answers 0, also when it
 * raised an error, or what to give to rb_jump_tag as soon as nothing is left to free: the thread was killed, or the program is to
 * end. GVL. */
int guarded_call_of_program(VALUE (*code)(VALUE), VALUE argument);

/* In a forked child, where that thread is no more. */
void guarded_call_after_fork(void);

#endif
