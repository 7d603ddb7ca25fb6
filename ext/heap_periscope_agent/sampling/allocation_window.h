/* One window on the program's allocations: the hook on new objects and the preallocated memory it writes to.
 *
 * While a window is open every new object is counted by its class word, and one in `stack_every` leaves a sample: the object, its
 * stack and its span. The hook calls nothing of Ruby but rb_profile_frames, allocates nothing, takes no lock and cannot raise.
 * Classes and stack frames that it wrote down are kept alive and in place until `allocation_window_clear`; the objects are not.
 *
 * Everything but the hook itself: GVL, main Ractor. */
#ifndef HEAP_PERISCOPE_ALLOCATION_WINDOW_H
#define HEAP_PERISCOPE_ALLOCATION_WINDOW_H

#include "sampling/window_sample.h"

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_CLASSES     2048
#define WINDOW_FRAME_SLOTS 24576
#define WINDOW_STACK_MAX   128

struct window_class {
    VALUE klass; /* a class word: never looked behind inside the hook */
    uint64_t count;
};

struct allocation_window {
    bool open;   /* the hook is on, or was on and ended the window itself */
    bool capped; /* the hook ended it itself, after `limit` objects */
    uint64_t seen, internal, uncounted;
    uint64_t limit;
    uint64_t to_next_stack; /* objects until a sample is due */
    uint64_t close_ns;      /* monotonic, but for what the hook itself takes */
    uint64_t next_look;     /* at how many objects the hook looks at the clock again */
    double object_ns, sample_ns;
    double stack_every;
    int stack_depth;
    struct window_class classes[WINDOW_CLASSES]; /* open addressing */
    uint16_t touched[WINDOW_CLASSES];            /* positions in use */
    size_t touched_count;
    struct window_sample samples[WINDOW_SAMPLES];
    size_t sample_count;
    VALUE frames[WINDOW_FRAME_SLOTS];
    int lines[WINDOW_FRAME_SLOTS];
    uint32_t frames_used;
    uint64_t samples_missed; /* due when the memory for them was full */
    uint64_t stack_ns;       /* what one stack took, or 0: not measured */
};

/* The only one there is. */
extern struct allocation_window allocation_window;

/* Prepares hook and memory; once, before the first opening. May raise. */
void allocation_window_prepare(void (*trigger)(void));

struct window_order {
    uint64_t close_ns, limit;
    double stack_every;
    int stack_depth;
    double object_ns, sample_ns; /* what the hook takes for one object, and more for a sample */
};

/* Switches the hooks on; where that may not be the window stays closed. The window must be clear. */
void allocation_window_open(const struct window_order *order);

/* When the window's time is over. The time the hook took does not count: where much is allocated it would make windows see less
 * of the program than elsewhere, and shares would lean towards code that allocates little. */
uint64_t allocation_window_end_ns(void);

/* Switches the hook on new objects off; what was seen stays until it is cleared, and samples that die are still taken out. */
void allocation_window_close(void);

void allocation_window_clear(void);

/* What the hook adds to one allocation, in nanoseconds: allocates some thousands of objects with and without it. About 2 ms.
 * May raise NoMemoryError. */
double allocation_window_calibrate(void);

#endif
