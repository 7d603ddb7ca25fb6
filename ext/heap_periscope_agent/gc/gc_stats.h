/* What the VM says about its heap: GC.stat, GC.latest_gc_info, GC.total_time, as plain C. Keys are asked for once and interned.
 * Everything here needs the GVL; nothing allocates a Ruby object once `gc_stats_init` has run, and nothing raises. */
#ifndef HEAP_PERISCOPE_GC_STATS_H
#define HEAP_PERISCOPE_GC_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GC_STATS_MAX 64
#define GC_INFO_MAX  16

struct gc_stats {
    size_t count;
    uint64_t values[GC_STATS_MAX]; /* in the order of gc_stats_name */
};

enum gc_info_kind { GC_INFO_NIL, GC_INFO_TRUE, GC_INFO_FALSE, GC_INFO_INTEGER, GC_INFO_NAME };

struct gc_info_field {
    const char *key;  /* lives as long as the process */
    const char *name; /* for GC_INFO_NAME */
    int64_t integer;  /* for GC_INFO_INTEGER */
    enum gc_info_kind kind;
};

struct gc_info {
    size_t count;
    struct gc_info_field fields[GC_INFO_MAX];
};

/* Once, from Init. */
void gc_stats_init(void);

/* All keys of GC.stat. */
void gc_stats_collect(struct gc_stats *stats);

/* Name of the i-th value; the same for the whole life of the process. No GVL needed. */
const char *gc_stats_name(size_t i);

/* Position of a key, or -1 where this Ruby does not have it. No GVL needed. */
int gc_stats_position(const char *name);

/* GC.latest_gc_info. */
void gc_info_collect(struct gc_info *info);

/* GC.total_time in nanoseconds: all time the collector took since boot; never less than before. Inside a postponed job it is
 * known to the millisecond below, and moves when that is over. Stands still where the program switched measuring off. Outside of
 * jobs interrupts of the calling thread may come out of it (guarded_call.h). */
uint64_t gc_total_time_ns(void);

/* The same as it was when a collection last began or GC.stat(:time), whole milliseconds, last moved: a fifth of the price. */
uint64_t gc_total_time_by_ms_ns(void);

/* True when gc_total_time_by_ms_ns would answer what it did before, without asking Ruby code and so without letting an interrupt in: then
 * *time_ns is that. */
bool gc_total_time_by_ms_known(uint64_t *time_ns);

uint64_t gc_total_allocated_objects(void);

#endif
