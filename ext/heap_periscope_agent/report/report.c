#include "report/report.h"

#include "base/clock.h"
#include "sampling/sampling_report.h"
#include "sampling/span_survivors.h"
#include "vm/guarded_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Allocation sites and retained sites each. */
#define SITES_REPORTED 50

/* What the previous report of each type knew. Under the GVL. */
static struct {
    uint64_t collections, gc_time_ns, at_ns;
} last_snapshot, last_gc;

static VALUE service_name_module;
static ID current_id;
static char service_name[REPORT_SERVICE_BYTES] = "ruby"; /* as it was last learnt */

void report_init(void)
{
    current_id = rb_intern("current");
    service_name_module = Qnil;
    rb_gc_register_address(&service_name_module);
    report_reset();
}

void report_reset(void)
{
    last_gc.collections = rb_gc_count();
    last_gc.gc_time_ns = gc_total_time_ns();
    last_gc.at_ns = monotonic_ns();
    last_snapshot = last_gc;
}

struct report *report_new(enum report_type type)
{
    struct report *report = calloc(1, sizeof *report);
    if (report) report_clear(report, type);
    return report;
}

void report_clear(struct report *report, enum report_type type)
{
    census_result_free(&report->census);
    leak_suspects_free(&report->leak_suspects);
    span_rows_free(report->spans, report->span_count);
    sampling_report_free(report->sampling);
    memset(report, 0, sizeof *report);
    report->type = type;
    agent_config_copy(&report->config);
}

void report_free(struct report *report)
{
    if (!report) return;
    census_result_free(&report->census);
    leak_suspects_free(&report->leak_suspects);
    span_rows_free(report->spans, report->span_count);
    sampling_report_free(report->sampling);
    free(report);
}

/* --- with the GVL -------------------------------------------------------------------------------------------------------- */

static VALUE ask_service_name(VALUE unused)
{
    if (NIL_P(service_name_module)) {
        VALUE agent = rb_const_get(rb_cObject, rb_intern("HeapPeriscopeAgent"));
        service_name_module = rb_const_get(agent, rb_intern("ServiceName"));
    }
    VALUE name = rb_funcall(service_name_module, current_id, 0);
    Check_Type(name, T_STRING);
    snprintf(service_name, sizeof service_name, "%.*s", (int)RSTRING_LEN(name), RSTRING_PTR(name));
    return unused;
}

void report_learn_service_name(void)
{
    if (!guarded_call(ask_service_name, Qnil, NULL)) agent_cost_add(COST_FAILURES, 1);
}

void report_collect_service_name(struct report *report)
{
    strcpy(report->service_name, service_name);
}

void report_collect_snapshot(struct report *report)
{
    uint64_t now_ns = monotonic_ns(), collections = rb_gc_count(), time_ns = gc_total_time_ns();
    report_collect_service_name(report);
    gc_stats_collect(&report->gc_stats);
    gc_events_copy_histogram(&report->pauses, !report->peek);
    report->span_count = span_table_report(&report->spans, !report->peek);
    report->sampling = sampling_report_collect(SITES_REPORTED);
    span_survivors_attach(report->spans, report->span_count, report->config.detailed_objects_limit);
    if (!report->peek) allocation_sampler_mark_reported();
    report->single_pauses = gc_events_enabled_p();
    report->collections = collections - last_snapshot.collections;
    report->gc_time_ns = time_ns > last_snapshot.gc_time_ns ? time_ns - last_snapshot.gc_time_ns : 0;
    report->pauses_since_s = (double)(now_ns - last_snapshot.at_ns) / 1e9;
    if (report->peek) return;
    last_snapshot.collections = collections;
    last_snapshot.gc_time_ns = time_ns;
    last_snapshot.at_ns = now_ns;
}

bool report_collect_gc(struct report *report)
{
    uint64_t collections = rb_gc_count(), time_ns = gc_total_time_ns();
    gc_events_check(collections);
    if (time_ns <= last_gc.gc_time_ns) {
        last_gc.gc_time_ns = time_ns;
        return false;
    }
    report_collect_service_name(report);
    gc_info_collect(&report->gc_info);
    report->single_pauses = gc_events_enabled_p();
    report->gc_pause_count = gc_events_drain_ring(report->gc_pauses, REPORT_GC_PAUSES);
    report->collections = collections - last_gc.collections;
    report->gc_time_ns = time_ns - last_gc.gc_time_ns;
    last_gc.collections = collections;
    last_gc.gc_time_ns = time_ns;
    return true;
}

/* --- without ------------------------------------------------------------------------------------------------------------- */

static void count_snapshot(const struct report *report)
{
    agent_cost_add(COST_SNAPSHOTS, 1);
    agent_cost_add(COST_NAMES_TRUNCATED, report->census.names_truncated);
    if (!report->census.total_slots) return;
    agent_cost_add(COST_CENSUSES, 1);
    if (!report->census.complete) agent_cost_add(COST_CENSUSES_INCOMPLETE, 1);
}

static int longest_first(const void *left, const void *right)
{
    uint64_t a = ((const struct gc_pause *)left)->pause_ns, b = ((const struct gc_pause *)right)->pause_ns;
    return a < b ? 1 : a > b ? -1 : 0;
}

static void complete_gc(struct report *report)
{
    struct gc_pause sorted[REPORT_GC_PAUSES];
    memcpy(sorted, report->gc_pauses, report->gc_pause_count * sizeof *sorted);
    qsort(sorted, report->gc_pause_count, sizeof *sorted, longest_first);
    report->longest_pause_count =
        report->gc_pause_count < REPORT_LONGEST ? report->gc_pause_count : REPORT_LONGEST;
    for (size_t i = 0; i < report->longest_pause_count; i++) {
        report->longest_pauses[i] = sorted[i];
        thread_name_read(sorted[i].thread_id, report->pause_threads[i], THREAD_NAME_BYTES);
    }
}

static void complete_snapshot(struct report *report, struct process_memory_watch *watch)
{
    struct process_memory_watch once = {0};
    if (!watch) watch = &once;
    census_result_sort(&report->census);
    process_memory_follow(watch);
    report->memory = watch->last;
    if (!report->peek) count_snapshot(report);
    if (report->config.allocation_sampling) leak_suspects_copy(&report->leak_suspects);
    agent_cost_copy(&report->cost, !report->peek);
}

void report_complete(struct report *report, struct process_memory_watch *watch)
{
    if (report->type == REPORT_GC) complete_gc(report);
    if (report->type == REPORT_SNAPSHOT) complete_snapshot(report, watch);
}
