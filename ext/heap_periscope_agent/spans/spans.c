/*
 * Opening and closing spans; see spans.h.
 */
#include "spans/spans.h"

#include <string.h>
#include "base/clock.h"
#include "config/agent_config.h"
#include "gc/gc_events.h"
#include "gc/gc_stats.h"
#include "spans/span_census.h"
#include "spans/span_stack.h"
#include "vm/arming.h"
#include "vm/guarded_call.h"

#define INVALID_NAME "(invalid name)"
#define JOB_TYPE     "job"
#define JOB_METHOD   "perform"

/* A block that is measured, on the machine's stack. */
struct measured_block {
    VALUE holder; /* keeps `stack` alive */
    struct span_stack *stack;
    long depth; /* of its call */
    bool completed;
};

static unsigned switched_on;
static unsigned following;
static unsigned forks;
static ID id_status, id_jid, id_jid_variable;

struct text {
    const char *bytes;
    size_t length;
};

/* The bytes of a String or Symbol; anything else gets a fixed name, since a span must not raise. */
static struct text text_of(VALUE value)
{
    if (RB_SYMBOL_P(value)) value = rb_sym2str(value);
    if (!RB_TYPE_P(value, T_STRING)) return (struct text){INVALID_NAME, strlen(INVALID_NAME)};
    return (struct text){RSTRING_PTR(value), (size_t)RSTRING_LEN(value)};
}

static struct span_entry *entry_of(VALUE type, VALUE name)
{
    struct text type_text = text_of(type), name_text = text_of(name);
    struct span_entry *entry =
        span_table_entry(type_text.bytes, type_text.length, name_text.bytes, name_text.length);

    RB_GC_GUARD(type);
    RB_GC_GUARD(name);
    return entry;
}

/* A few bytes more than a name has, so that the table sees where to cut. */
#define JOINED_BYTES (SPAN_NAME_BYTES + 8)

static size_t append(char *name, size_t length, struct text text)
{
    size_t room = JOINED_BYTES - length, taken = text.length < room ? text.length : room;

    memcpy(name + length, text.bytes, taken);
    return length + taken;
}

/* The entry of "Class#method", for which no string is made. */
static struct span_entry *entry_of_method(struct text type, struct text class, struct text method)
{
    char name[JOINED_BYTES];
    size_t length = append(name, 0, class);

    length = append(name, length, (struct text){"#", 1});
    length = append(name, length, method);
    return span_table_entry(type.bytes, type.length, name, length);
}

static uint64_t gc_ns(void)
{
    return gc_events_enabled_p() ? gc_events_total_ns() : gc_total_time_by_ms_ns();
}

/* Answers the depth of the call, negative when there is none. The counters come first: reading them may run a signal handler, with
 * spans of its own on the same stack, or let an interrupt in. */
static long begin(struct span_stack *stack, struct span_entry *entry)
{
    uint64_t allocated_objects = gc_total_allocated_objects(), gc = gc_ns();
    struct span_call *call = entry ? span_stack_push(stack, entry) : NULL;

    if (!call) return -1;
    call->forks = forks;
    call->allocated_objects = allocated_objects;
    call->gc_ns = gc;
    call->began_ns = monotonic_ns();
    return (long)stack->depth - 1;
}

/* Whether the exception that ends the call is a failure: `throw`, `break` and a successful `exit` are none. */
static bool is_failure(VALUE error)
{
    if (RB_SPECIAL_CONST_P(error) || RB_BUILTIN_TYPE(error) == T_IMEMO) return false;
    if (!RTEST(rb_obj_is_kind_of(error, rb_eSystemExit))) return true;
    return rb_attr_get(error, id_status) != INT2FIX(0);
}

/* A call that is over, and the figures at its end. */
struct ending {
    const struct span_call *call;
    uint64_t at_ns, allocated_objects, gc_ns;
    bool failed;
};

static void add_up(const struct ending *ending)
{
    const struct span_call *call = ending->call;
    struct span_totals spent = {
        .calls = 1,
        .errors = ending->failed,
        .wall_ns = ending->at_ns - call->began_ns,
        .allocated_objects = ending->allocated_objects - call->allocated_objects,
        /* A source that was set back or replaced meanwhile tells nothing about this call. */
        .gc_ns = ending->gc_ns > call->gc_ns ? ending->gc_ns - call->gc_ns : 0,
    };
    span_table_add(call->entry, &spent, call->outermost);
    call->entry->last_called_ns = ending->at_ns;
    if (switched_on) span_census_offer(call->entry, ending->at_ns);
}

static VALUE ask_and_add_up(VALUE argument)
{
    struct ending *ending = (struct ending *)argument;
    ending->gc_ns = gc_ns();
    add_up(ending);
    return Qnil;
}

/* Ends the call at `depth`, unless it has ended before. */
static void finish(struct span_stack *stack, long depth, bool failed)
{
    const struct span_call *open = depth < 0 ? NULL : span_stack_call(stack, (size_t)depth);

    if (!open) return;
    const struct span_call call = *open; /* see begin */
    span_stack_return(stack, (size_t)depth);
    if (call.forks != forks) return;

    struct ending ending = {&call, monotonic_ns(), gc_total_allocated_objects(), 0, failed};
    /* Asking for the time of a collection may let an interrupt in, for which the call has to be counted first. */
    if (!gc_events_enabled_p() && !gc_total_time_by_ms_known(&ending.gc_ns)) {
        interrupts_wait(ask_and_add_up, (VALUE)&ending);
        return;
    }
    if (gc_events_enabled_p()) ending.gc_ns = gc_events_total_ns();
    add_up(&ending);
}

static VALUE run(VALUE data)
{
    struct measured_block *block = (struct measured_block *)data;

    VALUE result = rb_yield_values(0);

    block->completed = true;
    return result;
}

static VALUE end(VALUE data)
{
    struct measured_block *block = (struct measured_block *)data;

    finish(block->stack, block->depth, !block->completed && is_failure(rb_errinfo()));
    RB_GC_GUARD(block->holder);
    return Qnil;
}

/* Yields; `job` is the id of the job that begins, or nil. */
static VALUE measure(struct measured_block *block, struct span_entry *entry, VALUE job)
{
    block->completed = false;
    block->depth = begin(block->stack, entry);
    if (block->depth >= 0 && !NIL_P(job)) block->stack->job = job;
    return rb_ensure(run, (VALUE)block, end, (VALUE)block);
}

struct span_stack *spans_stack(VALUE *holder)
{
    return switched_on ? span_stack_of_fiber(true, holder) : NULL;
}

/*
 * call-seq: HeapPeriscopeAgent.span(type, name) { } -> object
 *
 * Measures the block as one call of a span, while the agent runs, and returns what the block returns. +type+ and +name+ are
 * Strings or Symbols; docs/spans.md says what is measured. Raises LocalJumpError without a block, nothing else of its own.
 */
static VALUE span(VALUE self, VALUE type, VALUE name)
{
    struct measured_block block;

    (void)self;
    if (!(block.stack = spans_stack(&block.holder))) return rb_yield_values(0);
    return measure(&block, entry_of(type, name), Qnil);
}

/*
 * HeapPeriscopeAgent::Native.method_span(type, class_name, method_name) { }
 * The span of a method, "Class#method".
 */
static VALUE method_span(VALUE self, VALUE type, VALUE class_name, VALUE method)
{
    struct measured_block block;

    (void)self;
    if (!(block.stack = spans_stack(&block.holder))) return rb_yield_values(0);
    struct span_entry *entry = entry_of_method(text_of(type), text_of(class_name), text_of(method));
    RB_GC_GUARD(type);
    RB_GC_GUARD(class_name);
    RB_GC_GUARD(method);
    return measure(&block, entry, Qnil);
}

struct span_entry *spans_entry_of_job(VALUE class_name)
{
    struct span_entry *entry = entry_of_method((struct text){JOB_TYPE, strlen(JOB_TYPE)}, text_of(class_name),
                                               (struct text){JOB_METHOD, strlen(JOB_METHOD)});

    RB_GC_GUARD(class_name);
    return entry;
}

/* Of a job of Sidekiq, or what is given, where that is an id or nil. */
static VALUE id_of(VALUE job)
{
    if (RB_SPECIAL_CONST_P(job) || RB_TYPE_P(job, T_STRING)) return job;
    VALUE id = rb_attr_get(job, id_jid_variable);
    if (NIL_P(id)) id = rb_check_funcall(job, id_jid, 0, NULL);
    return id == Qundef ? Qnil : id;
}

bool spans_job_runs(const struct span_stack *stack, VALUE job)
{
    if (NIL_P(stack->job) || NIL_P(job)) return false;
    VALUE id = id_of(job), running = id_of(stack->job);
    if (NIL_P(id)) return false;
    if (id == running) return true;
    return RB_TYPE_P(id, T_STRING) && RB_TYPE_P(running, T_STRING) && rb_str_equal(id, running) == Qtrue;
}

/*
 * HeapPeriscopeAgent::Native.job_span(class_name, id) { }
 * The span of a job, "ClassName#perform", unless a hook further out measures it already.
 */
static VALUE job_span(VALUE self, VALUE class_name, VALUE id)
{
    struct measured_block block;

    (void)self;
    if (!(block.stack = spans_stack(&block.holder)) || spans_job_runs(block.stack, id))
        return rb_yield_values(0);
    struct span_entry *entry = spans_entry_of_job(class_name);
    return measure(&block, entry, id);
}

long spans_begin_job(struct span_stack *stack, struct span_entry *entry, VALUE job)
{
    long depth = begin(stack, entry);

    if (depth >= 0) stack->job = job;
    return depth;
}

void spans_end_job(long depth, VALUE error)
{
    VALUE holder;
    struct span_stack *stack = span_stack_of_fiber(false, &holder);

    if (stack) finish(stack, depth, is_failure(error));
    RB_GC_GUARD(holder);
}

const struct span_entry *spans_current(void)
{
    return span_stack_current();
}

void spans_configure(void)
{
    struct agent_config config;

    agent_config_copy(&config);
    span_table_set_limit(config.max_spans);
    span_census_configure(config.census_budget, config.detailed_objects_limit);
}

void spans_switch_on(void)
{
    switched_on++;
}

void spans_switch_off(void)
{
    if (switched_on) switched_on--;
}

static void fiber_switched(VALUE unused, rb_trace_arg_t *event)
{
    VALUE holder;

    (void)unused, (void)event;
    span_stack_set_current(span_stack_of_fiber(false, &holder));
    RB_GC_GUARD(holder);
}

void spans_follow_fibers(bool follow)
{
    if (follow)
        following++;
    else if (following)
        following--;
    if (following)
        arming_hook_on(HOOK_FIBERS);
    else
        arming_hook_off(HOOK_FIBERS);
}

void spans_add_report(VALUE type, VALUE name, struct span_live *live)
{
    struct span_totals call = {.calls = 1};
    struct span_entry *entry = entry_of(type, name);
    VALUE holder;
    struct span_stack *stack = span_stack_of_fiber(false, &holder);

    if (!entry) {
        span_live_release(live);
        return;
    }
    if (!stack || !span_stack_holds(stack, entry)) span_table_add(entry, &call, true);
    RB_GC_GUARD(holder);
    if (live) span_table_set_live(entry, live);
}

void spans_after_fork(void)
{
    forks++;
    span_table_reset();
    span_census_reset();
}

void spans_init(VALUE agent)
{
    id_status = rb_intern("status");
    id_jid = rb_intern("jid");
    id_jid_variable = rb_intern("@jid");
    init_span_stack(agent);
    arming_define(HOOK_FIBERS, RUBY_EVENT_FIBER_SWITCH, fiber_switched);
    rb_define_singleton_method(agent, "span", span, 2);

    VALUE native = rb_define_module_under(agent, "Native");
    rb_define_singleton_method(native, "method_span", method_span, 3);
    rb_define_singleton_method(native, "job_span", job_span, 2);
}
