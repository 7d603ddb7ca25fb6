#include "sidekiq_job.h"

#include "spans.h"

#include <string.h>

#define WRAPPER "Wrapper"

static ID jid_variable, jid_reader;
static VALUE job_class_key, job_id_key;

struct arguments {
    VALUE instance, job_arguments;
};

static VALUE perform(VALUE data)
{
    const struct arguments *arguments = (const struct arguments *)data;
    return rb_call_super(2, (const VALUE[]){arguments->instance, arguments->job_arguments});
}

static bool wrapper_p(VALUE class_name)
{
    if (NIL_P(class_name)) return false;
    long length = RSTRING_LEN(class_name), wanted = (long)strlen(WRAPPER);
    return length >= wanted &&
           memcmp(RSTRING_PTR(class_name) + length - wanted, WRAPPER, (size_t)wanted) == 0;
}

/* What a wrapper, that of Sidekiq or that of Rails, is given: Active Job's own job, as far as it names a class; or nil. */
static VALUE wrapped_job(VALUE class_name, VALUE job_arguments)
{
    if (!wrapper_p(class_name) || !RB_TYPE_P(job_arguments, T_ARRAY) || RARRAY_LEN(job_arguments) == 0)
        return Qnil;
    VALUE job = RARRAY_AREF(job_arguments, 0);
    return RB_TYPE_P(job, T_HASH) ? job : Qnil;
}

static VALUE id_of(VALUE instance)
{
    VALUE id = rb_attr_get(instance, jid_variable);
    if (!NIL_P(id)) return id;
    id = rb_check_funcall(instance, jid_reader, 0, NULL);
    return id == Qundef ? Qnil : id;
}

/* execute_job(instance, args): what the processor's own method returns and raises. Asks the job's class for its name past
 * whatever `name` it defines. */
static VALUE execute_job(VALUE self, VALUE instance, VALUE job_arguments)
{
    (void)self;
    struct arguments arguments = {instance, job_arguments};
    VALUE class_name = rb_mod_name(rb_obj_class(instance)), job = wrapped_job(class_name, job_arguments);
    VALUE job_class = NIL_P(job) ? Qnil : rb_hash_lookup(job, job_class_key);
    if (!RTEST(job_class)) return spans_measure_job(class_name, id_of(instance), perform, (VALUE)&arguments);

    return spans_measure_job(job_class, rb_hash_lookup(job, job_id_key), perform, (VALUE)&arguments);
}

void sidekiq_job_init(VALUE agent)
{
    jid_variable = rb_intern("@jid");
    jid_reader = rb_intern("jid");
    job_class_key = rb_interned_str_cstr("job_class");
    job_id_key = rb_interned_str_cstr("job_id");
    rb_gc_register_mark_object(job_class_key);
    rb_gc_register_mark_object(job_id_key);

    VALUE native = rb_define_module_under(agent, "Native");
    VALUE performing = rb_define_module_under(native, "SidekiqPerforming");
    rb_define_private_method(performing, "execute_job", execute_job, 2);
}
