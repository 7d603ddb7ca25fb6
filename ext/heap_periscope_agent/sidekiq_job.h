/* The method through which a processor of Sidekiq performs a job, measured: HeapPeriscopeAgent::Native::SidekiqPerforming, to be
 * prepended to it (lib/heap_periscope_agent/integrations/sidekiq.rb). In C, because a job that does nothing takes less than 100 µs,
 * between which other threads have had the processor: what is not needed for it has to be fetched again each time. GVL. */
#ifndef HEAP_PERISCOPE_SIDEKIQ_JOB_H
#define HEAP_PERISCOPE_SIDEKIQ_JOB_H

#include <ruby.h>

/* Once, from Init. */
void sidekiq_job_init(VALUE agent);

#endif
