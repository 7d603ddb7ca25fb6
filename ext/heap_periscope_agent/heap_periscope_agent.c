/* Entry point of the native extension: hands over to the init function of each part. */
#include "binding/leak_api.h"
#include "binding/native_api.h"
#include "binding/sampling_api.h"
#include "binding/span_api.h"
#include "gc/gc_events.h"
#include "gc/gc_stats.h"
#include "heap/heap_census.h"
#include "heap/platform_classes.h"
#include "process/identity.h"
#include "report/report.h"
#include "reporter/fork_guard.h"
#include "reporter/reporter.h"
#include "reporter/vm_end.h"
#include "sampling/allocation_sampler.h"
#include "sampling/sampling_support.h"
#include "spans/sidekiq_job.h"
#include "spans/spans.h"
#include "vm/arming.h"
#include "vm/guarded_call.h"
#include "vm/gvl_turn.h"
#include "vm/ractor_watch.h"
#include "vm/vm.h"
#include "wire/resolver.h"
#include "wire/signer.h"
#include "wire/udp_transport.h"
#ifdef HEAP_PERISCOPE_TESTING
#include "testing/testing.h"
#endif

#include <ruby.h>

RUBY_FUNC_EXPORTED void Init_heap_periscope_agent(void);

static void before_first_ractor(void)
{
    allocation_sampler_before_ractor();
    if (sampling_support_fragile_p()) arming_ban(HOOK_COLLECTIONS);
}

void Init_heap_periscope_agent(void)
{
    VALUE agent = rb_define_module("HeapPeriscopeAgent");
    VALUE version = rb_const_get(agent, rb_intern("VERSION"));

    vm_init();
    guarded_call_init();
    platform_classes_init();
    gc_stats_init();
    gc_events_init();
    heap_census_init();
    gvl_turn_init();
    signer_init();
    resolver_init();
    udp_transport_init();
    identity_init(StringValueCStr(version));
    report_init();
    spans_init(agent);
    sidekiq_job_init(agent);
    allocation_sampler_init(reporter_call_for_visit);
    ractor_watch_init(agent, before_first_ractor);
    reporter_init();
    vm_end_init();
    fork_guard_init();
    native_api_init(agent);
    span_api_init(agent);
    leak_api_init(agent);
    sampling_api_init(agent);
#ifdef HEAP_PERISCOPE_TESTING
    testing_init(agent);
#endif
}
