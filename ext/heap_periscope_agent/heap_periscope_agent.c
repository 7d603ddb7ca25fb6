/* Entry point of the native extension: hands over to the init function of each part. */
#include "agent_config.h"
#include "allocation_sampler.h"
#include "arming.h"
#include "fork_guard.h"
#include "gc_events.h"
#include "gc_stats.h"
#include "guarded_call.h"
#include "gvl_turn.h"
#include "heap_census.h"
#include "identity.h"
#include "leak_api.h"
#include "native_api.h"
#include "platform_classes.h"
#include "ractor_watch.h"
#include "report.h"
#include "reporter.h"
#include "resolver.h"
#include "sidekiq_job.h"
#include "signer.h"
#include "span_api.h"
#include "spans.h"
#include "sampling_api.h"
#include "sampling_support.h"
#include "testing.h"
#include "udp_transport.h"
#include "vm.h"
#include "vm_end.h"

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
    agent_config_init();
    gvl_turn_init();
    signer_init();
    resolver_init();
    udp_transport_init();
    identity_init(StringValueCStr(version));
    report_init();
    init_spans(agent);
    sidekiq_job_init(agent);
    allocation_sampler_init(reporter_call_for_visit);
    ractor_watch_init(agent, before_first_ractor);
    reporter_init();
    vm_end_init();
    fork_guard_init();
    native_api_init(agent);
    init_span_api(agent);
    leak_api_init(agent);
    sampling_api_init(agent);
    testing_init(agent);
}
