/* Everything one interval found, as plain C: the only thing that crosses from the side that holds the GVL to the side that
 * encodes and sends without it. */
#ifndef HEAP_PERISCOPE_REPORT_H
#define HEAP_PERISCOPE_REPORT_H

#include "base/agent_cost.h"
#include "config/agent_config.h"
#include "gc/gc_events.h"
#include "gc/gc_stats.h"
#include "heap/census_result.h"
#include "leaks/leak_suspects.h"
#include "process/process_memory.h"
#include "process/thread_name.h"
#include "spans/span_table.h"

#define REPORT_GC_PAUSES     100
#define REPORT_LONGEST       20 /* of them, told in detail */
#define REPORT_SERVICE_BYTES 256

struct sampling_report;

enum report_type { REPORT_SNAPSHOT, REPORT_GC, REPORT_GOODBYE };

struct report {
    enum report_type type;
    struct agent_config config; /* as of the tick */
    char service_name[REPORT_SERVICE_BYTES];
    bool peek; /* for a look, not for sending: nothing is counted and nothing taken away */

    /* snapshot */
    struct gc_stats gc_stats;
    struct census_result census;
    struct process_memory memory;
    struct agent_cost cost;
    double pauses_since_s;
    struct pause_histogram pauses;
    struct span_row *spans;
    size_t span_count;
    struct leak_suspect_list leak_suspects;
    struct sampling_report *sampling; /* NULL: none */

    /* snapshot and gc_profiler_report: since the previous one of the same type */
    uint64_t collections, gc_time_ns;

    /* gc_profiler_report */
    struct gc_info gc_info;
    bool single_pauses;
    size_t gc_pause_count;
    struct gc_pause gc_pauses[REPORT_GC_PAUSES];
    size_t longest_pause_count;
    struct gc_pause longest_pauses[REPORT_LONGEST]; /* the longest of them, longest first */
    char pause_threads[REPORT_LONGEST][THREAD_NAME_BYTES];

    const char *reason; /* goodbye */
};

/* Zeroed, with the configuration of now; NULL when there is no memory. Any thread. */
struct report *report_new(enum report_type type);

/* Forgets what it holds and keeps the memory, for the next tick of the same thread. */
void report_clear(struct report *report, enum report_type type);

void report_free(struct report *report);

/* Asks Ruby by which name this process goes, for the reports to come. Calls Ruby code, so not inside a postponed job; interrupts
 * of the calling thread may come out of it (guarded_call.h). GVL. */
void report_learn_service_name(void);

/* Fills in the name this process goes by, as last learnt. GVL, does not raise. */
void report_collect_service_name(struct report *report);

/* Fills in what only the VM knows and a snapshot needs, apart from the census. Allocates no Ruby object once the service
 * name has settled, does not raise. GVL. */
void report_collect_snapshot(struct report *report);

/* The same for a gc_profiler_report. False when no GC time passed since the last one: then there is nothing to send. GVL. */
bool report_collect_gc(struct report *report);

/* Fills in what the system knows, and orders the census of a snapshot and the pauses of a gc_profiler_report. Without a watch (NULL)
 * memory is read in full. No GVL. */
void report_complete(struct report *report, struct process_memory_watch *watch);

/* Once, from Init; and in a forked child, whose "since the previous one" begins anew. GVL. */
void report_init(void);
void report_reset(void);

#endif
