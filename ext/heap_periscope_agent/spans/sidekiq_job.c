#include "spans/sidekiq_job.h"

#include "spans/span_stack.h"
#include "spans/spans.h"

#include <string.h>

#define WRAPPER "Wrapper"

static VALUE job_class_key, job_id_key;

static bool wrapper_p(VALUE class_name)
{
    if (NIL_P(class_name)) return false;
    long length = RSTRING_LEN(class_name), wanted = (long)strlen(WRAPPER);
    return length >= wanted &&
           memcmp(RSTRING_PTR(class_name) + length - wanted, WRAPPER, (size_t)wanted) == 0;
}

/* What a wrapper, that of Sidekiq or that of Rails, is given: Active Job's own job, as far as it names a class; or nil. */
static VALUE wrapped_job(VALUE job_arguments)
{
    if (!RB_TYPE_P(job_arguments, T_ARRAY) || RARRAY_LEN(job_arguments) == 0) return Qnil;
    VALUE job = RARRAY_AREF(job_arguments, 0);
    return RB_TYPE_P(job, T_HASH) && RTEST(rb_hash_lookup(job, job_class_key)) ? job : Qnil;
}

/* By class, and past whatever `name` it defines; of a wrapper by what it wraps, whose id becomes *job. The class that the fiber performed
 * last is remembered with its entry: a queue has few, and a name takes several times as long. */
static struct span_entry *entry_of(struct span_stack *stack, VALUE class, VALUE job_arguments, VALUE *job)
{
    if (stack->known.class == class && stack->known.entry->name_length) return stack->known.entry;

    VALUE class_name = rb_mod_name(class);
    if (!wrapper_p(class_name)) {
        struct span_entry *entry = spans_entry_of_job(class_name);
        stack->known.class = entry ? class : Qnil;
        stack->known.entry = entry;
        return entry;
    }
    VALUE wrapped = wrapped_job(job_arguments);
    if (NIL_P(wrapped)) return spans_entry_of_job(class_name);
    *job = rb_hash_lookup(wrapped, job_id_key);
    return spans_entry_of_job(rb_hash_lookup(wrapped, job_class_key));
}

/* HeapPeriscopeAgent::Native.begin_job(instance, arguments): what end_job is to be given. */
static VALUE begin_job(VALUE self, VALUE instance, VALUE job_arguments)
{
    VALUE holder, job = instance;
    struct span_stack *stack = spans_stack(&holder);

    (void)self;
    if (!stack) return Qnil;
    struct span_entry *entry = entry_of(stack, rb_obj_class(instance), job_arguments, &job);
    if (spans_job_runs(stack, job)) return Qnil;
    long begun = spans_begin_job(stack, entry, job);
    RB_GC_GUARD(holder);
    return begun < 0 ? Qnil : LONG2FIX(begun);
}

/* HeapPeriscopeAgent::Native.end_job(begun, error): true. */
static VALUE end_job(VALUE self, VALUE begun, VALUE error)
{
    (void)self;
    if (FIXNUM_P(begun)) spans_end_job(FIX2LONG(begun), error);
    return Qtrue;
}

void sidekiq_job_init(VALUE agent)
{
    rb_gc_register_address(&job_class_key); /* before there is anything that only these know of */
    rb_gc_register_address(&job_id_key);
    job_class_key = rb_interned_str_cstr("job_class");
    job_id_key = rb_interned_str_cstr("job_id");

    VALUE native = rb_define_module_under(agent, "Native");
    rb_define_singleton_method(native, "begin_job", begin_job, 2);
    rb_define_singleton_method(native, "end_job", end_job, 2);
}
