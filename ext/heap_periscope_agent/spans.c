/*
 * Opening and closing spans; see spans.h.
 */
#include "spans.h"

#include <ruby/debug.h>
#include <string.h>
#include "agent_config.h"
#include "clock.h"
#include "gc_events.h"
#include "gc_stats.h"
#include "guarded_call.h"
#include "span_census.h"
#include "span_stack.h"

#define INVALID_NAME "(invalid name)"
#define JOB_TYPE     "job"
#define JOB_METHOD   "perform"

/* One span that is open, on the machine's stack. */
struct span_call {
    VALUE holder; /* keeps `stack` alive */
    struct span_stack *stack;
    size_t depth;    /* of the stack when the call began */
    VALUE outer_job; /* likewise */
    struct span_entry *entry;
    unsigned generation;
    bool outermost;
    bool completed;
    VALUE (*body)(VALUE);
    VALUE argument;
    uint64_t began_ns;
    struct span_totals at_begin;
};

static unsigned switched_on;
static unsigned following;
static unsigned generation;
static ID id_status;

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

static void read_counters(struct span_totals *totals)
{
    totals->allocated_objects = gc_total_allocated_objects();
    totals->gc_ns = gc_events_enabled_p() ? gc_events_total_ns() : gc_total_time_by_ms_ns();
}

/* `stack` is that of the fiber, which `call->holder` keeps alive. */
static bool begin(struct span_call *call, struct span_stack *stack, struct span_entry *entry)
{
    if (!entry) return false;
    call->stack = stack;
    call->depth = stack->depth;
    call->outer_job = stack->job;
    call->entry = entry;
    call->outermost = !span_stack_holds(stack, entry);
    call->generation = generation;
    call->completed = false;
    if (!span_stack_push(stack, entry)) return false;
    read_counters(&call->at_begin);
    call->began_ns = monotonic_ns();
    return true;
}

/* Whether the exception that ends the call is a failure: `throw`, `break` and a successful `exit` are none. */
static bool is_failure(VALUE error)
{
    if (RB_SPECIAL_CONST_P(error) || RB_BUILTIN_TYPE(error) == T_IMEMO) return false;
    if (!RTEST(rb_obj_is_kind_of(error, rb_eSystemExit))) return true;
    return rb_attr_get(error, id_status) != INT2FIX(0);
}

static VALUE run(VALUE data)
{
    struct span_call *call = (struct span_call *)data;

    guarded_call_pass_on();
    VALUE result = call->body(call->argument);

    call->completed = true;
    return result;
}

static VALUE end(VALUE data)
{
    struct span_call *call = (struct span_call *)data;
    struct span_totals spent = {.calls = 1};
    uint64_t now = monotonic_ns();

    span_stack_return(call->stack, call->depth);
    call->stack->job = call->outer_job;
    RB_GC_GUARD(call->holder);
    if (call->generation != generation) return Qnil;

    spent.errors = !call->completed && is_failure(rb_errinfo());
    read_counters(&spent);
    spent.wall_ns = now - call->began_ns;
    spent.allocated_objects -= call->at_begin.allocated_objects;
    /* A source that was set back or replaced meanwhile tells nothing about this call. */
    spent.gc_ns = spent.gc_ns > call->at_begin.gc_ns ? spent.gc_ns - call->at_begin.gc_ns : 0;
    span_table_add(call->entry, &spent, call->outermost);
    call->entry->last_called_ns = now;
    if (switched_on) span_census_offer(call->entry, now);
    guarded_call_pass_on();
    return Qnil;
}

static VALUE measure(struct span_call *call, VALUE (*body)(VALUE), VALUE argument)
{
    call->body = body;
    call->argument = argument;
    return rb_ensure(run, (VALUE)call, end, (VALUE)call);
}

static VALUE yield(VALUE unused)
{
    (void)unused;
    return rb_yield_values(0);
}

/*
 * call-seq: HeapPeriscopeAgent.span(type, name) { } -> object
 *
 * Measures the block as one call of a span, while the agent runs, and returns what the block returns. +type+ and +name+ are
 * Strings or Symbols; docs/spans.md says what is measured. Raises LocalJumpError without a block, nothing else of its own.
 */
static VALUE span(VALUE self, VALUE type, VALUE name)
{
    struct span_call call;
    struct span_stack *stack;

    (void)self;
    if (!switched_on || !(stack = span_stack_of_fiber(true, &call.holder))) return rb_yield_values(0);
    if (!begin(&call, stack, entry_of(type, name))) return rb_yield_values(0);
    return measure(&call, yield, Qnil);
}

/*
 * HeapPeriscopeAgent::Native.method_span(type, class_name, method_name) { }
 * The span of a method, "Class#method".
 */
static VALUE method_span(VALUE self, VALUE type, VALUE class_name, VALUE method)
{
    struct span_call call;
    struct span_stack *stack;

    (void)self;
    if (!switched_on || !(stack = span_stack_of_fiber(true, &call.holder))) return rb_yield_values(0);
    struct span_entry *entry = entry_of_method(text_of(type), text_of(class_name), text_of(method));
    RB_GC_GUARD(type);
    RB_GC_GUARD(class_name);
    RB_GC_GUARD(method);
    return begin(&call, stack, entry) ? measure(&call, yield, Qnil) : rb_yield_values(0);
}

static bool is_running(const struct span_stack *stack, VALUE id)
{
    if (NIL_P(id) || NIL_P(stack->job)) return false;
    if (id == stack->job) return true;
    return RB_TYPE_P(id, T_STRING) && RB_TYPE_P(stack->job, T_STRING) &&
           rb_str_equal(id, stack->job) == Qtrue;
}

VALUE spans_measure_job(VALUE class_name, VALUE id, VALUE (*body)(VALUE), VALUE argument)
{
    struct span_call call;
    struct span_stack *stack;

    if (!switched_on || !(stack = span_stack_of_fiber(true, &call.holder))) return body(argument);
    if (is_running(stack, id)) return body(argument);
    struct span_entry *entry = entry_of_method((struct text){JOB_TYPE, strlen(JOB_TYPE)}, text_of(class_name),
                                               (struct text){JOB_METHOD, strlen(JOB_METHOD)});
    RB_GC_GUARD(class_name);
    if (!begin(&call, stack, entry)) return body(argument);
    stack->job = id;
    return measure(&call, body, argument);
}

/* HeapPeriscopeAgent::Native.job_span(class_name, id) { } */
static VALUE job_span(VALUE self, VALUE class_name, VALUE id)
{
    (void)self;
    return spans_measure_job(class_name, id, yield, Qnil);
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

static void fiber_switched(rb_event_flag_t event, VALUE data, VALUE self, ID method, VALUE klass)
{
    VALUE holder;

    (void)event, (void)data, (void)self, (void)method, (void)klass;
    span_stack_set_current(span_stack_of_fiber(false, &holder));
    RB_GC_GUARD(holder);
}

void spans_follow_fibers(bool follow)
{
    if (follow && following++ == 0) rb_add_event_hook(fiber_switched, RUBY_EVENT_FIBER_SWITCH, Qnil);
    if (!follow && following && --following == 0) rb_remove_event_hook(fiber_switched);
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
    generation++;
    span_table_reset();
    span_census_reset();
}

void init_spans(VALUE module)
{
    id_status = rb_intern("status");
    init_span_stack();
    rb_define_singleton_method(module, "span", span, 2);

    VALUE native = rb_define_module_under(module, "Native");
    rb_define_singleton_method(native, "method_span", method_span, 3);
    rb_define_singleton_method(native, "job_span", job_span, 2);
}
