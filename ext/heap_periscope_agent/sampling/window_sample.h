/* What a window on the program's allocations keeps of one object. */
#ifndef HEAP_PERISCOPE_WINDOW_SAMPLE_H
#define HEAP_PERISCOPE_WINDOW_SAMPLE_H

#include "gc/gc_epoch.h"

#include <ruby.h>
#include <stdbool.h>
#include <stdint.h>

/* Of one window, at most. */
#define WINDOW_SAMPLES 1024

struct span_entry;

struct window_sample {
    /* Not marked: the address means this object as long as no marking has ended. Qfalse: internal or foreign. */
    VALUE object;
    struct gc_epoch born;
    VALUE klass;
    const struct span_entry *span; /* or NULL */
    uint32_t frames_at;            /* in frames and lines */
    uint16_t frame_count;          /* innermost first */
    bool foreign;                  /* made by another Ractor: nothing but its class may be looked at */
};

#endif
