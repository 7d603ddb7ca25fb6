#include "binding/span_api.h"

#include "base/clock.h"
#include "spans/span_census.h"
#include "spans/spans.h"
#include "wire/span_sections.h"

#include <limits.h>
#include <string.h>

#define ALLOCATED_BY "process"

static VALUE text(const char *bytes)
{
    return rb_utf8_str_new_cstr(bytes);
}

static void set(VALUE hash, const char *key, VALUE value)
{
    rb_hash_aset(hash, ID2SYM(rb_intern(key)), value);
}

static VALUE live_class_hash(const struct span_live_class *class)
{
    VALUE hash = rb_hash_new();
    char size[32];

    span_size_text(class->bytes, size, sizeof size);
    set(hash, "name", text(class->name));
    set(hash, "type", text(class->platform ? "native" : "application"));
    set(hash, "count", ULL2NUM(class->count));
    set(hash, "size", text(size));
    set(hash, "bytes", ULL2NUM(class->bytes));
    return hash;
}

static VALUE live_array(const struct span_live *live)
{
    VALUE array = rb_ary_new_capa((long)live->length);

    for (size_t i = 0; i < live->length; i++)
        rb_ary_push(array, live_class_hash(&live->classes[i]));
    return array;
}

static VALUE time_of(uint64_t realtime_ns)
{
    struct timespec at = {(time_t)(realtime_ns / 1000000000u), (long)(realtime_ns % 1000000000u)};

    return rb_time_timespec_new(&at, INT_MAX - 1); /* INT_MAX - 1: in UTC */
}

/* Making Ruby objects lets other threads run, so the entry's living objects are held meanwhile. */
static VALUE entry_hash(const struct span_entry *entry)
{
    VALUE hash = rb_hash_new();
    struct span_totals totals = entry->totals;

    set(hash, "type", text(entry->type));
    set(hash, "name", text(entry->name));
    set(hash, "calls", ULL2NUM(totals.calls));
    set(hash, "errors", ULL2NUM(totals.errors));
    set(hash, "wall_ms", DBL2NUM((double)totals.wall_ns / NS_PER_MS));
    set(hash, "allocated_objects", ULL2NUM(totals.allocated_objects));
    set(hash, "allocated_by", text(ALLOCATED_BY));
    set(hash, "gc_time_ms", DBL2NUM((double)totals.gc_ns / NS_PER_MS));
    return hash;
}

static VALUE live_into_hash(VALUE data)
{
    VALUE *arguments = (VALUE *)data;
    const struct span_live *live = (const struct span_live *)arguments[1];

    set(arguments[0], "live_objects", live ? live_array(live) : Qnil);
    set(arguments[0], "measured_at", live ? time_of(live->measured_at_ns) : Qnil);
    return Qnil;
}

static VALUE release_live(VALUE live)
{
    span_live_release((struct span_live *)live);
    return Qnil;
}

/*
 * call-seq: HeapPeriscopeAgent.spans -> array of hashes
 *
 * The sums since this process began, of every name that was called (docs/spans.md): :type, :name, :calls, :errors, :wall_ms,
 * :allocated_objects, :allocated_by, :gc_time_ms, and :live_objects with :measured_at, nil before the name's first census.
 */
static VALUE list_spans(VALUE self)
{
    VALUE list = rb_ary_new();

    (void)self;
    for (size_t i = 0; i < span_table_size(); i++) {
        struct span_entry *entry = span_table_at(i);
        if (entry->totals.calls == 0 && !entry->live) continue;
        VALUE hash = entry_hash(entry);
        VALUE arguments[2] = {hash, (VALUE)span_live_retain(entry->live)};
        rb_ensure(live_into_hash, (VALUE)arguments, release_live, arguments[1]);
        rb_ary_push(list, hash);
    }
    return list;
}

/* Raises before anything is allocated: [name, platform, count, bytes] is what the Ruby side hands in. */
static void check_classes(VALUE classes)
{
    Check_Type(classes, T_ARRAY);
    for (long i = 0; i < RARRAY_LEN(classes); i++) {
        VALUE class = RARRAY_AREF(classes, i);
        Check_Type(class, T_ARRAY);
        if (RARRAY_LEN(class) != 4) rb_raise(rb_eArgError, "expected [name, platform, count, bytes]");
        Check_Type(RARRAY_AREF(class, 0), T_STRING);
        if (!FIXNUM_P(RARRAY_AREF(class, 2)) || !FIXNUM_P(RARRAY_AREF(class, 3))) {
            rb_raise(rb_eTypeError, "count and bytes must be small Integers");
        }
    }
}

static struct span_live *live_of(VALUE classes)
{
    struct span_live *live = span_live_new((size_t)RARRAY_LEN(classes));

    if (!live) return NULL;
    live->measured_at_ns = clock_read_ns(CLOCK_REALTIME);
    for (size_t i = 0; i < live->length; i++) {
        VALUE class = RARRAY_AREF(classes, (long)i), name = RARRAY_AREF(class, 0);
        live->classes[i].name = strndup(RSTRING_PTR(name), (size_t)RSTRING_LEN(name));
        live->classes[i].platform = RTEST(RARRAY_AREF(class, 1));
        live->classes[i].count = (uint64_t)FIX2LONG(RARRAY_AREF(class, 2));
        live->classes[i].bytes = (uint64_t)FIX2LONG(RARRAY_AREF(class, 3));
        if (live->classes[i].name) continue;
        span_live_release(live);
        return NULL;
    }
    return live;
}

/* HeapPeriscopeAgent::Native.spans_add_report(type, name, classes); see SpanReport. */
static VALUE add_report(VALUE self, VALUE type, VALUE name, VALUE classes)
{
    (void)self;
    check_classes(classes);
    spans_add_report(type, name, live_of(classes));
    return Qnil;
}

void span_api_init(VALUE module)
{
    VALUE native = rb_define_module_under(module, "Native");

    rb_define_singleton_method(module, "spans", list_spans, 0);
    rb_define_singleton_method(native, "spans_add_report", add_report, 3);
}
