#include "binding/sampling_api.h"

#include "reporter/fork_guard.h"
#include "sampling/allocation_sampler.h"
#include "sampling/frame_table.h"
#include "sampling/sampling_support.h"
#include "vm/guarded_call.h"
#include "wire/sampling_sections.h"

#include <ruby/thread.h>

struct question {
    struct sampling_rows rows;
    bool retained;
    yajl_gen json;
    VALUE answer;
};

static void *encode_rows(void *argument)
{
    struct question *question = argument;
    yajl_gen_array_open(question->json);
    for (size_t i = 0; i < question->rows.count; i++)
        sampling_row_write(&question->rows, i, question->retained, question->json);
    yajl_gen_array_close(question->json);
    return NULL;
}

static VALUE text_of(yajl_gen json)
{
    const unsigned char *text;
    size_t length;
    yajl_gen_get_buf(json, &text, &length);
    return rb_utf8_str_new((const char *)text, (long)length);
}

static VALUE answer_rows(VALUE argument)
{
    struct question *question = (struct question *)argument;
    if (question->rows.out_of_memory || !question->json) rb_memerror();
    rb_thread_call_without_gvl(encode_rows, question, NULL, NULL);
    return text_of(question->json);
}

static VALUE free_question(VALUE argument)
{
    struct question *question = (struct question *)argument;
    if (question->json) yajl_gen_free(question->json);
    sampling_rows_free(&question->rows);
    return Qnil;
}

static VALUE answer(struct question *question)
{
    question->json = yajl_gen_alloc(NULL);
    return rb_ensure(answer_rows, (VALUE)question, free_question, (VALUE)question);
}

static enum sampling_by by_of(VALUE by)
{
    ID id = rb_sym2id(by);
    if (id == rb_intern("class")) return BY_CLASS;
    if (id == rb_intern("span")) return BY_SPAN;
    if (id == rb_intern("stack")) return BY_STACK;
    return BY_SITE;
}

/* allocation_rows_json(:site | :class | :span | :stack, limit) → JSON array */
static VALUE allocation_rows_json(VALUE self, VALUE by, VALUE limit)
{
    (void)self;
    enum sampling_by grouping = by_of(by);
    size_t rows = NUM2SIZET(limit);
    fork_guard_check();
    struct question question = {.retained = false};
    sampling_rows_allocations(&question.rows, grouping, false, rows);
    return answer(&question);
}

static VALUE retained_rows(VALUE limit)
{
    size_t rows = NUM2SIZET(limit);
    fork_guard_check();
    allocation_sampler_survey();
    struct question question = {.retained = true};
    sampling_rows_retained(&question.rows, rows);
    return answer(&question);
}

/* retained_rows_json(limit) → JSON array */
static VALUE retained_rows_json(VALUE self, VALUE limit)
{
    (void)self;
    return interrupts_wait(retained_rows, limit);
}

/* sampling_status_json → JSON object, or nil when sampling was never on */
static VALUE sampling_status_json(VALUE self)
{
    (void)self;
    fork_guard_check();
    struct sampler_status status = allocation_sampler_status();
    yajl_gen json = status.began ? yajl_gen_alloc(NULL) : NULL;
    if (!json) return Qnil;
    sampling_status_write(&status, &status.base, json);
    VALUE text = text_of(json);
    yajl_gen_free(json);
    return text;
}

/* sampling_folders(application, [library, …]) */
static VALUE sampling_folders(VALUE self, VALUE application, VALUE libraries)
{
    const char *folders[8];
    Check_Type(application, T_STRING);
    Check_Type(libraries, T_ARRAY);
    size_t count = (size_t)RARRAY_LEN(libraries) < 8 ? (size_t)RARRAY_LEN(libraries) : 8;
    for (size_t i = 0; i < count; i++) {
        VALUE folder = RARRAY_AREF(libraries, (long)i);
        Check_Type(folder, T_STRING); /* what it made of anything else would be gone by the time it is read */
        folders[i] = StringValueCStr(folder);
    }
    frame_table_set_folders(StringValueCStr(application), folders, count);
    RB_GC_GUARD(libraries);
    return self;
}

static VALUE fragile_p(VALUE self)
{
    (void)self;
    return sampling_support_fragile_p() ? Qtrue : Qfalse;
}

void sampling_api_init(VALUE agent)
{
    VALUE native = rb_define_module_under(agent, "Native");
    rb_define_singleton_method(native, "allocation_rows_json", allocation_rows_json, 2);
    rb_define_singleton_method(native, "retained_rows_json", retained_rows_json, 1);
    rb_define_singleton_method(native, "sampling_status_json", sampling_status_json, 0);
    rb_define_singleton_method(native, "sampling_folders", sampling_folders, 2);
    rb_define_singleton_method(native, "sampling_fragile?", fragile_p, 0);
}
