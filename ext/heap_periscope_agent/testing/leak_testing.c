#include "testing/leak_testing.h"

#include "leaks/leak_detector.h"
#include "wire/leak_sections.h"

#include <stdio.h>
#include <string.h>

static VALUE symbol(const char *name)
{
    return ID2SYM(rb_intern(name));
}

static struct leak_moment moment_from(VALUE row)
{
    double at_s = NUM2DBL(RARRAY_AREF(row, 0));
    return (struct leak_moment){.at_ns = (uint64_t)(at_s * 1e9),
                                .realtime_ns = (uint64_t)(at_s * 1e9),
                                .allocated = NUM2ULL(RARRAY_AREF(row, 1)),
                                .majors = NUM2ULL(RARRAY_AREF(row, 2))};
}

static void put(VALUE hash, const char *key, double value)
{
    rb_hash_aset(hash, symbol(key), DBL2NUM(value));
}

/* leak_trend([[at_s, allocated, majors], …], [value, …], floor) → what leak_trend_test says, or nil */
static VALUE trend(VALUE self, VALUE rows, VALUE numbers, VALUE floor)
{
    (void)self;
    struct leak_moment moments[LEAK_TREND_MAX];
    uint64_t values[LEAK_TREND_MAX];
    long length = RARRAY_LEN(rows);
    if (length > LEAK_TREND_MAX) rb_raise(rb_eArgError, "at most %d observations", LEAK_TREND_MAX);
    for (long i = 0; i < length; i++) {
        moments[i] = moment_from(RARRAY_AREF(rows, i));
        values[i] = NUM2ULL(RARRAY_AREF(numbers, i));
    }
    struct leak_trend found;
    if (!leak_trend_test(moments, values, values, (size_t)length, LEAK_TREND_MAX, NUM2DBL(floor), &found))
        return Qnil;

    double per_hour, per_hour_error;
    leak_trend_slope(moments + found.first, values + found.first, (size_t)length - found.first, found.kept,
                     &per_hour, &per_hour_error);
    VALUE hash = rb_hash_new();
    put(hash, "first", (double)found.first);
    put(hash, "length", (double)found.length);
    put(hash, "growth", found.growth);
    put(hash, "p", found.p);
    put(hash, "per_hour", per_hour);
    put(hash, "per_hour_error", per_hour_error);
    put(hash, "late_share", found.late_share);
    put(hash, "last_share", found.last_share);
    put(hash, "largest_step", found.largest_step);
    put(hash, "rising_share", found.rising_share);
    put(hash, "noise", found.noise);
    put(hash, "confirmations", (double)found.confirmations);
    put(hash, "confirmed_growth", found.confirmed_growth);
    put(hash, "confirmed_late_share", found.confirmed_late_share);
    rb_hash_aset(hash, symbol("repeats"), found.repeats ? Qtrue : Qfalse);
    return hash;
}

/* --- a detector of one's own --------------------------------------------------------------------------------------------------- */

static void free_detector(void *data)
{
    leak_detector_clear(data);
    xfree(data);
}

static size_t detector_memsize(const void *data)
{
    const struct leak_detector *detector = data;
    return sizeof *detector + detector->history.class_count * sizeof(struct leak_class);
}

static const rb_data_type_t detector_type = {
    .wrap_struct_name = "heap_periscope_agent/testing/leak_detector",
    .function = {.dfree = free_detector, .dsize = detector_memsize},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

static VALUE allocate_detector(VALUE class)
{
    struct leak_detector *detector;
    return TypedData_Make_Struct(class, struct leak_detector, &detector_type, detector);
}

static int count_row(VALUE name, VALUE figures, VALUE argument)
{
    struct class_census **row = (struct class_census **)argument;
    uint64_t count = NUM2ULL(RARRAY_AREF(figures, 0)), bytes = NUM2ULL(RARRAY_AREF(figures, 1));
    *(*row)++ = (struct class_census){.name = StringValueCStr(name),
                                      .count = count,
                                      .bytes = bytes,
                                      .old_count = count,
                                      .old_bytes = bytes};
    return ST_CONTINUE;
}

static VALUE finding_to_hash(const struct leak_finding *finding)
{
    static const char *const names[] = {"none", "low", "medium", "high"};
    VALUE hash = rb_hash_new();
    rb_hash_aset(hash, symbol("class_name"), rb_utf8_str_new_cstr(finding->class->name));
    rb_hash_aset(hash, symbol("confidence"), symbol(names[finding->confidence]));
    rb_hash_aset(hash, symbol("by_bytes"), finding->by_bytes ? Qtrue : Qfalse);
    rb_hash_aset(hash, symbol("news"), finding->news ? Qtrue : Qfalse);
    put(hash, "objects_per_hour", finding->objects_per_hour);
    put(hash, "objects_per_hour_error", finding->objects_per_hour_error);
    put(hash, "bytes_per_hour", finding->bytes_per_hour);
    put(hash, "since_s", (double)finding->since.at_ns / 1e9);
    put(hash, "p", finding->p);
    return hash;
}

/* observe([at_s, allocated, majors], collections, {name => [count, bytes]}) → findings, or nil where nothing new was learned */
static VALUE observe(VALUE self, VALUE moment_row, VALUE collections, VALUE classes)
{
    struct leak_detector *detector;
    TypedData_Get_Struct(self, struct leak_detector, &detector_type, detector);
    struct leak_moment moment = moment_from(moment_row);
    size_t count = RHASH_SIZE(classes);
    VALUE holder;
    struct class_census *rows = ALLOCV_N(struct class_census, holder, count + 1), *end = rows;
    rb_hash_foreach(classes, count_row, (VALUE)&end);
    bool observed = leak_detector_observe(detector, &moment, NUM2ULL(collections), rows, count);
    ALLOCV_END(holder);
    RB_GC_GUARD(classes);
    if (!observed) return Qnil;
    VALUE findings = rb_ary_new();
    for (size_t i = 0; i < detector->finding_count; i++)
        rb_ary_push(findings, finding_to_hash(&detector->findings[i]));
    return findings;
}

static VALUE figures(VALUE self)
{
    struct leak_detector *detector;
    TypedData_Get_Struct(self, struct leak_detector, &detector_type, detector);
    VALUE hash = rb_hash_new();
    rb_hash_aset(hash, symbol("observations"), SIZET2NUM(detector->history.length));
    rb_hash_aset(hash, symbol("classes"), SIZET2NUM(detector->history.class_count));
    rb_hash_aset(hash, symbol("evicted"), ULL2NUM(detector->history.evicted));
    rb_hash_aset(hash, symbol("tests"), SIZET2NUM(detector->tests));
    return hash;
}

/* --- wire ---------------------------------------------------------------------------------------------------------------------- */

/* leak_suspect_json([class name, confidence 1–3, by_bytes, [objects, error, bytes, error] an hour, path, share]) → JSON */
static VALUE suspect_json(VALUE self, VALUE rows)
{
    (void)self;
    struct leak_suspect *suspect = ZALLOC(struct leak_suspect);
    VALUE name = RARRAY_AREF(rows, 0), rates = RARRAY_AREF(rows, 3), path = RARRAY_AREF(rows, 4);
    snprintf(suspect->class_name, sizeof suspect->class_name, "%s", StringValueCStr(name));
    suspect->confidence = (enum leak_confidence)NUM2INT(RARRAY_AREF(rows, 1));
    suspect->by_bytes = RTEST(RARRAY_AREF(rows, 2));
    suspect->objects_per_hour = NUM2DBL(RARRAY_AREF(rates, 0));
    suspect->objects_per_hour_error = NUM2DBL(RARRAY_AREF(rates, 1));
    suspect->bytes_per_hour = NUM2DBL(RARRAY_AREF(rates, 2));
    suspect->bytes_per_hour_error = NUM2DBL(RARRAY_AREF(rates, 3));
    if (!NIL_P(path)) {
        struct retained_site_share *site = &suspect->origins.sites[0];
        snprintf(site->path, sizeof site->path, "%s", StringValueCStr(path));
        snprintf(site->method, sizeof site->method, "Cart#add");
        site->line = 41;
        site->share = NUM2DBL(RARRAY_AREF(rows, 5));
        suspect->origins.site_count = 1;
        snprintf(suspect->origins.stack[0], RETAINED_LINE_BYTES, "%s:41 in Cart#add", site->path);
        suspect->origins.stack_lines = 1;
    }
    struct leak_suspect_list list = {suspect, 1};
    size_t length = 0;
    char *text = leak_sections_text(&list, &length);
    xfree(suspect);
    if (!text) rb_memerror();
    VALUE string = rb_utf8_str_new(text, (long)length);
    free(text);
    return string;
}

void leak_testing_init(VALUE testing)
{
    VALUE detector = rb_define_class_under(testing, "LeakDetector", rb_cObject);
    rb_define_alloc_func(detector, allocate_detector);
    rb_define_method(detector, "observe", observe, 3);
    rb_define_method(detector, "figures", figures, 0);
    rb_define_singleton_method(testing, "leak_trend", trend, 3);
    rb_define_singleton_method(testing, "leak_suspect_json", suspect_json, 1);
}
