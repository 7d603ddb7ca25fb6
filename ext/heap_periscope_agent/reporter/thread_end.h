/* Waits for a reporter's thread that has done its work. To the VM it is a living thread until it has had the GVL once more, so a
 * program that stopped the agent in order to be alone would still hang where Ruby says "stopping only thread". */
#ifndef HEAP_PERISCOPE_THREAD_END_H
#define HEAP_PERISCOPE_THREAD_END_H

#include <ruby.h>
#include <stdint.h>

/* Returns when `thread` has ended, at the deadline, or at once where other threads compute: each of them would keep the GVL for a
 * time slice. Nil is a thread that has ended. GVL, which it lets go of; call it from inside of interrupts_wait. */
void thread_end_await(VALUE thread, uint64_t deadline_ns);

#endif
