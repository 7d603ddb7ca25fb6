#include "binding/native_api.h"

#include "binding/config_options.h"
#include "heap/heap_census.h"
#include "reporter/fork_guard.h"
#include "reporter/reporter.h"
#include "reporter/synchronous_report.h"
#include "spans/spans.h"
#include "vm/guarded_call.h"
#include "vm/ractor_watch.h"
#include "vm/vm.h"
#include "wire/report_json.h"
#include "wire/signer.h"

#include <ruby/thread.h>
#include <stdlib.h>

static VALUE native_configure(VALUE self, VALUE options)
{
    struct agent_config config;
    config_options_read(options, &config);
    config.key = signer_use(config_option(options, "secret"));
    config.sign = config.key != 0;
    config_options_extend_platform(options);
    agent_config_set(&config);
    spans_configure();
    reporter_wake();
    return self;
}

/* Interrupts of the calling thread wait until a call is over: none of them leaves anything half done, or gets lost in it. */
static VALUE answer_flag(VALUE function)
{
    fork_guard_check();
    return ((bool (*)(void))function)() ? Qtrue : Qfalse;
}

static VALUE native_start(VALUE self)
{
    (void)self;
    return interrupts_wait(answer_flag, (VALUE)reporter_start);
}

static VALUE native_stop(VALUE self)
{
    (void)self;
    return interrupts_wait(answer_flag, (VALUE)reporter_stop);
}

static VALUE native_shutdown(VALUE self)
{
    (void)self;
    return interrupts_wait(answer_flag, (VALUE)reporter_shutdown);
}

static VALUE native_running_p(VALUE self)
{
    (void)self;
    return interrupts_wait(answer_flag, (VALUE)reporter_running_p);
}

static VALUE native_after_fork(VALUE self)
{
    fork_guard_check();
    return self;
}

static VALUE native_report_once(VALUE self)
{
    (void)self;
    return interrupts_wait(answer_flag, (VALUE)synchronous_snapshot);
}

/* --- a snapshot's payload as text ------------------------------------------------------------------------------------------ */

struct payload {
    struct report *report;
    char *text;
    size_t length;
};

static void *encode_payload(void *argument)
{
    struct payload *payload = argument;
    report_complete(payload->report, NULL);
    payload->text = report_json_payload(payload->report, &payload->length);
    return NULL;
}

static VALUE payload_text(VALUE argument)
{
    struct payload *payload = (struct payload *)argument;
    if (payload->report) rb_thread_call_without_gvl(encode_payload, payload, NULL, NULL);
    if (!payload->text) rb_memerror();
    return rb_utf8_str_new(payload->text, (long)payload->length);
}

static VALUE free_payload(VALUE argument)
{
    struct payload *payload = (struct payload *)argument;
    free(payload->text);
    report_free(payload->report);
    return Qnil;
}

static VALUE make_payload(VALUE what)
{
    fork_guard_check();
    struct payload payload = {.report = synchronous_collect((unsigned)what | COLLECT_PEEK)};
    return rb_ensure(payload_text, (VALUE)&payload, free_payload, (VALUE)&payload);
}

static VALUE payload_of(unsigned what)
{
    return interrupts_wait(make_payload, what);
}

static VALUE native_snapshot_json(VALUE self, VALUE detailed)
{
    (void)self;
    return payload_of(COLLECT_CENSUS | (RTEST(detailed) ? COLLECT_CLASSES : 0));
}

/* Everything but what needs a walk over the heap. */
static VALUE native_figures_json(VALUE self)
{
    (void)self;
    return payload_of(0);
}

/* --- census ----------------------------------------------------------------------------------------------------------------- */

static void *sort_result(void *result)
{
    census_result_sort(result);
    return NULL;
}

static VALUE result_to_array(VALUE argument)
{
    struct census_result *result = (struct census_result *)argument;
    rb_thread_call_without_gvl(sort_result, result, NULL, NULL);
    VALUE rows = rb_ary_new_capa((long)result->class_count);
    for (size_t i = 0; i < result->class_count; i++) {
        const struct class_census *row = &result->classes[i];
        rb_ary_push(rows, rb_ary_new_from_args(4, rb_utf8_str_new_cstr(row->name), ULL2NUM(row->count),
                                               ULL2NUM(row->bytes), row->platform ? Qtrue : Qfalse));
    }
    return rows;
}

static VALUE free_result(VALUE argument)
{
    census_result_free((struct census_result *)argument);
    return Qnil;
}

static VALUE agent_error(void)
{
    return rb_const_get(rb_const_get(rb_cObject, rb_intern("HeapPeriscopeAgent")), rb_intern("Error"));
}

static VALUE take_census(VALUE bytes)
{
    struct census_result result = {0};
    if (!vm.each_objects) rb_raise(agent_error(), "%s", vm_missing(0));
    ractor_watch_ask();
    struct heap_census *census = heap_census_begin(true, RTEST(bytes));
    if (!census && heap_census_refused_p()) return rb_ary_new();
    if (!census) rb_memerror();
    heap_census_step(census, 0);
    heap_census_finish(census, &result);
    return rb_ensure(result_to_array, (VALUE)&result, free_result, (VALUE)&result);
}

/* [[name, count, bytes, platform], …], most objects first. Walks the heap in one go. */
static VALUE native_census(VALUE self, VALUE bytes)
{
    (void)self;
    return interrupts_wait(take_census, bytes);
}

/* What this Ruby does not let us do: an Array of sentences, most often empty. */
static VALUE native_unavailable(VALUE self)
{
    (void)self;
    VALUE sentences = rb_ary_new();
    for (unsigned i = 0; vm_missing(i); i++)
        rb_ary_push(sentences, rb_utf8_str_new_cstr(vm_missing(i)));
    return sentences;
}

void native_api_init(VALUE agent)
{
    VALUE native = rb_define_module_under(agent, "Native");
    rb_define_singleton_method(native, "configure", native_configure, 1);
    rb_define_singleton_method(native, "start", native_start, 0);
    rb_define_singleton_method(native, "stop", native_stop, 0);
    rb_define_singleton_method(native, "shutdown", native_shutdown, 0);
    rb_define_singleton_method(native, "running?", native_running_p, 0);
    rb_define_singleton_method(native, "after_fork", native_after_fork, 0);
    rb_define_singleton_method(native, "report_once", native_report_once, 0);
    rb_define_singleton_method(native, "snapshot_json", native_snapshot_json, 1);
    rb_define_singleton_method(native, "figures_json", native_figures_json, 0);
    rb_define_singleton_method(native, "census", native_census, 1);
    rb_define_singleton_method(native, "unavailable", native_unavailable, 0);
}
