/* Nothing native is locked at the moment of a fork, and the child begins a life of its own.
 *
 * Handlers of pthread_atfork take every lock before a fork, of whatever kind (Process.daemon and C libraries fork past Ruby),
 * and let go in parent and child. What needs Ruby happens in fork_guard_child, called from the hook on Process._fork, or by
 * fork_guard_check at the next call into the agent. */
#ifndef HEAP_PERISCOPE_FORK_GUARD_H
#define HEAP_PERISCOPE_FORK_GUARD_H

/* Once, from Init. */
void fork_guard_init(void);

/* In a forked child: new identity, socket and counters, and the reporter runs again if it ran in the parent. Does nothing in
 * the process it has already been called in. GVL; does not raise. */
void fork_guard_check(void);

#endif
