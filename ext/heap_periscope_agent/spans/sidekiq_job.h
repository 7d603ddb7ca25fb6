/* Begin and end of a job that a processor of Sidekiq performs, for the hook that is prepended to it
 * (lib/heap_periscope_agent/integrations/sidekiq.rb). A job that does nothing takes less than 100 µs, between which other threads
 * have had the processor: what this touches has to be fetched again each time, so it touches little. GVL. */
#ifndef HEAP_PERISCOPE_SIDEKIQ_JOB_H
#define HEAP_PERISCOPE_SIDEKIQ_JOB_H

#include <ruby.h>

/* Once, from Init. */
void sidekiq_job_init(VALUE agent);

#endif
