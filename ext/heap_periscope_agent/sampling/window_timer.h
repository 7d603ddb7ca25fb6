/* The clock of the sampler: a bare native thread (all signals blocked, nothing of Ruby but a trigger) that draws one moment at
 * random from every stretch of time and says when a window should open. Its end is for the hook to notice, which saves a turn of
 * this thread for each window.
 *
 * Stretches follow each other without a gap and vary in length, so that no rhythm of the program can fall in step with them;
 * every moment of the program's life is equally likely, relative to its stretch, to be the beginning of a window. */
#ifndef HEAP_PERISCOPE_WINDOW_TIMER_H
#define HEAP_PERISCOPE_WINDOW_TIMER_H

#include "sampling/window_kinds.h"

#include <stdbool.h>
#include <stdint.h>

/* One moment. */
struct window_tick {
    uint64_t open_ns, close_ns; /* monotonic */
    uint64_t open_cpu_ns;       /* processor time of the process when it was due */
    uint64_t stretch_ns;        /* what the window stands for */
    unsigned kind;
};

/* Starts the thread; `trigger` is what it calls when a window is due to open, without the GVL. False when there is no thread to
 * be had, or arming is closed (arming.h). GVL. */
bool window_timer_start(void (*trigger)(void));

/* Ends the thread and waits for it; it never waits for anything itself but its clock. GVL. */
void window_timer_stop(void);

/* What to draw from, from the next stretch on. Any thread. */
void window_timer_plan(const struct window_kinds *kinds);

/* How many ticks there have been, and tick number `n` (from 1), of the latest TICKS_KEPT. Any thread. */
#define TICKS_KEPT 16
uint64_t window_timer_count(void);
struct window_tick window_timer_tick(uint64_t n);

/* Says that the window of tick `n` is open or passed over: the timer triggers again until it hears so. Job. */
void window_timer_handled(uint64_t n);

/* Processor time of the thread so far. Any thread. */
uint64_t window_timer_cpu_ns(void);

/* Around fork. The child has no thread. */
void window_timer_lock(void);
void window_timer_unlock(void);
void window_timer_reset(void);

void window_timer_init(void);

#endif
