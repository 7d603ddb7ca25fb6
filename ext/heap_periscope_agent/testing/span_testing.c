/* The specs' door to spans; see testing.h. */
#include "testing/span_testing.h"

#include "spans/span_census.h"
#include "spans/span_turns.h"
#include "spans/spans.h"
#include "vm/arming.h"

#include <string.h>

static VALUE testing_switch(VALUE self, VALUE on)
{
    (void)self;
    if (RTEST(on)) {
        spans_switch_on();
    } else {
        spans_switch_off();
    }
    return Qnil;
}

/* [type, name] of the span that a hook would see now, or nil. */
static VALUE testing_current(VALUE self)
{
    const struct span_entry *entry = spans_current();

    (void)self;
    return entry ? rb_assoc_new(rb_utf8_str_new_cstr(entry->type), rb_utf8_str_new_cstr(entry->name)) : Qnil;
}

static VALUE testing_follow_fibers(VALUE self, VALUE follow)
{
    (void)self;
    if (RTEST(follow)) arming_open();
    spans_follow_fibers(RTEST(follow));
    return Qnil;
}

static VALUE testing_reset(VALUE self)
{
    (void)self;
    span_table_forget();
    span_census_reset();
    return Qnil;
}

static VALUE testing_limit(VALUE self, VALUE names)
{
    (void)self;
    span_table_set_limit(NUM2SIZET(names));
    return Qnil;
}

/* What a snapshot would report now: [[type, name, calls, errors, allocated_objects, has_live]]. */
static VALUE testing_drain(VALUE self)
{
    struct span_row *rows;
    size_t count = span_table_report(&rows, true);
    VALUE list = rb_ary_new();

    (void)self;
    for (size_t i = 0; i < count; i++) {
        const struct span_totals *delta = &rows[i].delta;
        rb_ary_push(list,
                    rb_ary_new_from_args(6, rb_utf8_str_new_cstr(rows[i].entry->type),
                                         rb_utf8_str_new_cstr(rows[i].entry->name), ULL2NUM(delta->calls),
                                         ULL2NUM(delta->errors), ULL2NUM(delta->allocated_objects),
                                         rows[i].live ? Qtrue : Qfalse));
    }
    span_rows_free(rows, count);
    return list;
}

/* span_turns_take(type, name, now_ns): whether a call that ended now gets the census. */
static VALUE testing_turns_take(VALUE self, VALUE type, VALUE name, VALUE now_ns)
{
    struct span_entry *entry = span_table_entry(StringValueCStr(type), strlen(StringValueCStr(type)),
                                                StringValueCStr(name), strlen(StringValueCStr(name)));

    (void)self;
    if (!entry) rb_memerror();
    entry->last_called_ns = NUM2ULL(now_ns);
    return span_turns_take(entry, entry->last_called_ns) ? Qtrue : Qfalse;
}

static VALUE testing_turns_finish(VALUE self, VALUE now_ns, VALUE spent_ns)
{
    (void)self;
    span_turns_finish(NUM2ULL(now_ns), NUM2ULL(spent_ns));
    return Qnil;
}

static VALUE testing_turns_budget(VALUE self, VALUE share)
{
    (void)self;
    span_turns_set_budget(NUM2DBL(share));
    return Qnil;
}

void span_testing_init(VALUE testing)
{
    rb_define_singleton_method(testing, "spans_switch", testing_switch, 1);
    rb_define_singleton_method(testing, "spans_current", testing_current, 0);
    rb_define_singleton_method(testing, "spans_follow_fibers", testing_follow_fibers, 1);
    rb_define_singleton_method(testing, "spans_reset", testing_reset, 0);
    rb_define_singleton_method(testing, "spans_limit", testing_limit, 1);
    rb_define_singleton_method(testing, "span_turns_take", testing_turns_take, 3);
    rb_define_singleton_method(testing, "span_turns_finish", testing_turns_finish, 2);
    rb_define_singleton_method(testing, "span_turns_budget", testing_turns_budget, 1);
    rb_define_singleton_method(testing, "spans_drain", testing_drain, 0);
}
