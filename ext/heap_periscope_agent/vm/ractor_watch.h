/* Whether other Ractors run, for those who must not ask: Ractor.count is a method written in Ruby, which no postponed job may call.
 *
 * Ractor.new tells us before it makes one, by a method of ours in front of it, written in C so that the VM's messages and Ractor#inspect
 * name the program's line as before. Whether they have all ended is asked in person. */
#ifndef HEAP_PERISCOPE_RACTOR_WATCH_H
#define HEAP_PERISCOPE_RACTOR_WATCH_H

#include <ruby.h>
#include <stdbool.h>

/* `first` is called before the first other Ractor starts, or here when one runs already. GVL, main Ractor. Once, from Init. */
void ractor_watch_init(VALUE agent, void (*first)(void));

/* True when the main Ractor is known to be the only one. Any thread, inside jobs, too. */
bool ractor_watch_alone_p(void);

/* True once there was another. Any thread. */
bool ractor_watch_seen_p(void);

/* Looks whether the others have ended, and returns what ractor_watch_alone_p does from then on. GVL, never in a job. */
bool ractor_watch_ask(void);

/* In a forked child: what another thread was making is not made there. GVL. */
void ractor_watch_after_fork(void);

#endif
