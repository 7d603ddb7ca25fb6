#include "reporter/synchronous_report.h"

#include "base/clock.h"
#include "heap/heap_census.h"
#include "sampling/allocation_sampler.h"
#include "vm/ractor_watch.h"
#include "wire/delivery.h"

#include <ruby.h>
#include <ruby/thread.h>

/* Longest walk that a process is held up for when it ends; a larger heap is reported as far as it was seen. */
#define LAST_CENSUS_NS MS_TO_NS(50)
#define LAST_NAMES_NS  MS_TO_NS(20)
/* At the end a name that was never looked up is waited for this long. */
#define LAST_LOOKUP_NS MS_TO_NS(50)

/* The census takes about `walk_ns` and, for the names, `names_ns`; 0: as long as it takes. */
static struct report *collect(unsigned what, uint64_t walk_ns, uint64_t names_ns)
{
    struct report *report = report_new(REPORT_SNAPSHOT);
    if (!report) return NULL;
    bool detailed = what & COLLECT_CLASSES;
    report->config.detailed_objects = detailed;
    report->peek = what & COLLECT_PEEK;
    if (detailed) ractor_watch_ask();
    uint64_t began_ns = monotonic_ns();
    struct heap_census *census = what & COLLECT_CENSUS ? heap_census_begin(detailed, detailed) : NULL;
    if (census) {
        if (!heap_census_step(census, walk_ns) && heap_census_walked_p(census))
            heap_census_step(census, names_ns);
        heap_census_finish(census, &report->census);
    }
    report_collect_snapshot(report);
    agent_cost_add(COST_GVL_NS, monotonic_ns() - began_ns);
    return report;
}

struct report *synchronous_collect(unsigned what)
{
    report_learn_service_name();
    allocation_sampler_survey();
    return collect(what, 0, 0);
}

struct synchronous {
    struct report *report;
    struct delivery delivery;
};

static void *complete_and_encode(void *argument)
{
    struct synchronous *sync = argument;
    report_complete(sync->report, NULL);
    sync->delivery.report = sync->report;
    delivery_encode(&sync->delivery);
    return NULL;
}

static VALUE deliver_at_once(VALUE argument)
{
    struct synchronous *sync = (struct synchronous *)argument;
    complete_and_encode(sync);
    delivery_send(&sync->delivery);
    return Qnil;
}

static VALUE deliver_between(VALUE argument)
{
    struct synchronous *sync = (struct synchronous *)argument;
    rb_thread_call_without_gvl(complete_and_encode, sync, NULL, NULL);
    delivery_send(&sync->delivery);
    return Qnil;
}

static VALUE free_synchronous(VALUE argument)
{
    struct synchronous *sync = (struct synchronous *)argument;
    report_datagrams_free(&sync->delivery.datagrams);
    report_free(sync->report);
    sync->report = NULL;
    return Qnil;
}

/* Takes the report over. */
static bool deliver(struct report *report, VALUE (*way)(VALUE), uint64_t patience_ns)
{
    if (!report) return false;
    struct synchronous sync = {.report = report, .delivery = {.patience_ns = patience_ns}};
    rb_ensure(way, (VALUE)&sync, free_synchronous, (VALUE)&sync);
    return sync.delivery.sent;
}

static unsigned what_to_collect(void)
{
    struct agent_config config;
    agent_config_copy(&config);
    return COLLECT_CENSUS | (config.detailed_objects ? COLLECT_CLASSES : 0);
}

bool synchronous_snapshot(void)
{
    return deliver(synchronous_collect(what_to_collect()), deliver_between, DELIVERY_PATIENCE_NS);
}

static uint64_t at_most(uint64_t wanted_ns, uint64_t deadline_ns)
{
    uint64_t now_ns = monotonic_ns(), left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 1;
    return wanted_ns < left_ns ? wanted_ns : left_ns;
}

void synchronous_goodbye(const char *reason, uint64_t deadline_ns)
{
    struct report *last = collect(what_to_collect(), at_most(LAST_CENSUS_NS, deadline_ns), LAST_NAMES_NS);
    deliver(last, deliver_at_once, at_most(LAST_LOOKUP_NS, deadline_ns));

    struct report *goodbye = report_new(REPORT_GOODBYE);
    if (goodbye) {
        goodbye->reason = reason;
        report_collect_service_name(goodbye);
        deliver(goodbye, deliver_at_once, 0);
    }
}
