/* Allocation sites: interned stacks by class and span, and what was counted for each site and span.
 *
 * A stack is a list of (frame, line), innermost first. A site is the place a reader wants to see: the innermost frame of the
 * application with its line, for one class. Bounded; when it is full the half that was useful least recently is evicted.
 * A pure data structure over indices of frame_table and sampled_classes. GVL, outside of hooks. */
#ifndef HEAP_PERISCOPE_CALL_SITES_H
#define HEAP_PERISCOPE_CALL_SITES_H

#include "sampling/share_estimate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_STACKS_MAX 6144
#define CALL_FRAMES_MAX 163840
#define CALL_SITES_MAX  4096
#define CALL_SPANS_MAX  256
#define CALL_SITE_NONE  UINT32_MAX
#define SITE_LIFETIMES  6

struct span_entry;

struct call_frame {
    uint32_t frame; /* of frame_table */
    int32_t line;
};

struct call_stack {
    uint32_t hash, first_frame, site;
    uint16_t frame_count;
    uint32_t class_index;          /* of sampled_classes */
    const struct span_entry *span; /* or NULL */
    double weight, reported; /* objects it stands for before scaling: since sampling began, and in a report */
    uint64_t last_used;      /* window */
    uint32_t watched;        /* records of the retained set that point here */
};

struct call_site {
    uint32_t class_index;
    struct call_frame frame; /* FRAME_NONE: no stack, made by another Ractor or by a thread that had none */
    uint32_t example;        /* a stack that leads here */
    struct share_counter allocations;
    bool touched;
    float deaths[SITE_LIFETIMES]; /* estimated objects that died, by age; bounds in retained_set.h */
};

struct call_span {
    const struct span_entry *span; /* NULL: outside of any span */
    struct share_counter allocations;
    bool touched;
};

/* Told when stacks move: the new place of each, or CALL_SITE_NONE. Once. */
void call_sites_on_move(void (*moved)(const uint32_t *places));

/* Counts `weight` objects in the current window, and answers the place of the stack, or CALL_SITE_NONE without room. */
uint32_t call_sites_add(uint32_t class_index, const struct span_entry *span, const struct call_frame *frames,
                        size_t frame_count, double weight);

/* Ends the current window, whose h n is `y`. Only between two windows may call_sites_compact be called. */
void call_sites_close_window(double y);

uint32_t call_stacks_count(void);
struct call_stack *call_stack_at(uint32_t index);
const struct call_frame *call_stack_frames(const struct call_stack *stack);

uint32_t call_sites_count(void);
struct call_site *call_site_at(uint32_t index);

uint32_t call_spans_count(void);
struct call_span *call_span_at(uint32_t index);

/* Makes room by evicting. Also called when frame_table is full. */
void call_sites_compact(void);

uint64_t call_sites_evicted(void);

void call_sites_clear(void);

#endif
