/* Which of a window's samples have died. Nothing holds a sample, so that what the program lets go of is gone after the next collection;
 * and an address says nothing once its object is gone. Hence a second hook, on freed objects, from the opening of a window until it
 * is digested: it takes the sample's address away, and nobody looks behind it from then on. A sample that is moved gets its new address.
 *
 * The VM leaves hooks out where a hook of another extension has started the collection, and forgets them when a Ractor ends; so
 * the freed objects are counted, and compared with what the VM counts.
 *
 * GVL, main Ractor, outside of hooks, but for what says otherwise. */
#ifndef HEAP_PERISCOPE_WINDOW_DEATHS_H
#define HEAP_PERISCOPE_WINDOW_DEATHS_H

#include "sampling/window_sample.h"

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before the first window, with the place for samples (WINDOW_SAMPLES of them). May raise. */
void window_deaths_prepare(struct window_sample *of_window);

/* Switches the hook on, for a window without samples. */
void window_deaths_open(void);

/* Inside the hook on new objects: from now on the sample of this number is looked for. */
void window_deaths_watch(size_t number);

/* Inside the collector, when objects have been moved; `count` samples have been made. */
void window_deaths_move(size_t count);

/* Switches the hook off. Samples must not be looked at after the next collection. */
void window_deaths_close(void);

/* Objects freed since the window was opened. */
uint64_t window_deaths_freed(void);

/* Whether an address can still be told to be its object's: all deaths since the window was opened were reported, or none can have
 * been. */
bool window_deaths_known_p(void);

/* The same, and what has died has been freed: no sample is garbage that waits for it. */
bool window_deaths_settled_p(void);

#endif
