#include "reporter/fork_guard.h"

#include "base/agent_cost.h"
#include "config/agent_config.h"
#include "gc/gc_events.h"
#include "heap/platform_classes.h"
#include "leaks/leak_suspects.h"
#include "process/identity.h"
#include "report/report.h"
#include "reporter/reporter.h"
#include "sampling/allocation_sampler.h"
#include "sampling/window_timer.h"
#include "spans/spans.h"
#include "vm/guarded_call.h"
#include "vm/gvl_turn.h"
#include "vm/ractor_watch.h"
#include "wire/delivery.h"
#include "wire/resolver.h"
#include "wire/udp_transport.h"

#include <pthread.h>

/* What is handed over, then the transport, then the resolver: as sending takes them. */
static void lock_all(void)
{
    agent_config_lock();
    platform_classes_lock();
    delivery_lock();
    udp_transport_lock();
    resolver_lock();
    gvl_turn_lock();
    leak_suspects_lock();
    window_timer_lock();
}

static void unlock_all(void)
{
    leak_suspects_unlock();
    window_timer_unlock();
    gvl_turn_unlock();
    resolver_unlock();
    udp_transport_unlock();
    delivery_unlock();
    platform_classes_unlock();
    agent_config_unlock();
}

void fork_guard_init(void)
{
    pthread_atfork(lock_all, unlock_all, unlock_all);
}

static VALUE begin_anew(VALUE unused)
{
    identity_renew();
    agent_cost_reset();
    gc_events_reset();
    resolver_reset();
    udp_transport_reset();
    delivery_reset();
    gvl_turn_reset();
    ractor_watch_after_fork();
    report_reset();
    allocation_sampler_after_fork();
    spans_after_fork();
    leak_suspects_reset();
    reporter_after_fork();
    return unused;
}

void fork_guard_check(void)
{
    if (identity_stale_p()) interrupts_wait(begin_anew, Qnil);
}
