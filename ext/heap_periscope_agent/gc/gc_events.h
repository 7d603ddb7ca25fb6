/* Single GC pauses, measured by the VM's GC_ENTER and GC_EXIT hooks.
 *
 * The hooks write into a preallocated histogram and ring and call nothing but the clock and rb_gc_latest_gc_info with interned
 * keys (allocates nothing, see docs/architecture.md). They cost nothing from Ruby 3.3 on; before, any internal hook slows every
 * allocation by some 10 %, so there they are set only where the user asks for it. */
#ifndef HEAP_PERISCOPE_GC_EVENTS_H
#define HEAP_PERISCOPE_GC_EVENTS_H

#include "gc/pause_histogram.h"

/* Newest pauses kept for one GC report. */
#define GC_EVENTS_RING 128

struct gc_pause {
    uint64_t pause_ns;
    uint64_t thread_id; /* the system's id of the thread that paid */
    const char *reason; /* of the collection: "newobj", "malloc", …; lives as long as the process, or NULL */
    bool major;
};

/* Once, from Init. GVL. */
void gc_events_init(void);

/* True where the hooks slow nothing down, that is, where they are on by default. */
bool gc_events_free_p(void);

/* Sets or removes the hooks, as far as they may be set (arming.h). GVL. */
void gc_events_enable(bool enable);

bool gc_events_enabled_p(void);

/* Ruby 3.1–3.4 drop hooks silently when a Ractor is freed: when collections ran and no event came, the hooks are set again.
 * `collections` is GC.count. GVL. */
void gc_events_check(uint64_t collections);

/* Takes the pauses since the last call: at most `limit` newest, oldest first. Answers how many. GVL. */
size_t gc_events_drain_ring(struct gc_pause *pauses, size_t limit);

/* The histogram since it was last taken away; `take` empties it. GVL. */
void gc_events_copy_histogram(struct pause_histogram *histogram, bool take);

/* Sum of all pauses since the hooks were set, for spans. GVL or not: one word, written inside the VM's lock. */
uint64_t gc_events_total_ns(void);

/* In a forked child: what the parent measured is not the child's. GVL. */
void gc_events_reset(void);

#endif
