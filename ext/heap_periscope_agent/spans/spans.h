/*
 * Spans: named stretches of work (a controller action, a save, a job, a task), and what each costs.
 *
 * HeapPeriscopeAgent.span opens one, on any Ruby thread and fiber. Every fiber has a stack of its open spans (span_stack),
 * kept in a fiber-local variable; what was measured is summed in span_table.
 * All functions need the GVL, except spans_current. The child of a fork calls spans_after_fork first.
 */
#ifndef HEAP_PERISCOPE_SPANS_H
#define HEAP_PERISCOPE_SPANS_H

#include <ruby.h>
#include <stdbool.h>
#include "spans/span_stack.h"
#include "spans/span_table.h"

void spans_init(VALUE agent);

/* Takes the options that concern spans from agent_config. */
void spans_configure(void);

/* Counted: spans are measured while switched on more often than off. Off, a span is a test and a yield. */
void spans_switch_on(void);
void spans_switch_off(void);

/*
 * The innermost open span of the running native thread, or NULL: type and name only. Asks the VM nothing, so a hook
 * may call it. It is what the last begin or end on this native thread left behind: between a switch of fibers and
 * the next begin or end it may be a span of another fiber, unless spans_follow_fibers is on; and where
 * Ruby threads move between native threads (RUBY_MN_THREADS=1) it may be a span of another thread.
 */
const struct span_entry *spans_current(void);

/* Counted. While on, which takes a running reporter (arming.h), spans_current is right after a switch of fibers too, which makes each switch a little slower. */
void spans_follow_fibers(bool follow);

/*
 * What Reporter.add_span_report does: `live` (may be NULL, reference handed over) becomes the living objects of the
 * name. Counts a call, unless it comes from inside a span of that name, which counts itself.
 */
void spans_add_report(VALUE type, VALUE name, struct span_live *live);

/*
 * The span of one job, "ClassName#perform", for a hook that calls begin and end itself. Several hooks may see the same job (Sidekiq's
 * processor or middleware, the callback of Active Job, a tracker in the class): the outermost measures it, the others, who come
 * with the same id, find that it runs.
 */

/* Where calls of the running fiber are kept, NULL while nothing is measured; see span_stack_of_fiber. */
struct span_stack *spans_stack(VALUE *holder);

struct span_entry *spans_entry_of_job(VALUE class_name);

/* Whether `job`, an object of Sidekiq's or the id of a job, is the one that runs. Asks the object for its jid, which may raise. */
bool spans_job_runs(const struct span_stack *stack, VALUE job);

/* What spans_end_job is to be given, negative where nothing began. Raises what interrupts the thread, and then nothing began. */
long spans_begin_job(struct span_stack *stack, struct span_entry *entry, VALUE job);

/* `error` is the exception that ends the job, or nil. Does nothing when the job has ended. May raise what interrupts the thread; the job
 * has ended then. */
void spans_end_job(long begun, VALUE error);

/* Forgets what the parent measured; spans that are open stay the parent's. */
void spans_after_fork(void);

#endif
