#include "gc/gc_stats.h"

#include "vm/guarded_call.h"
#include "vm/gvl_turn.h"
#include "vm/symbol_names.h"

#include <ruby.h>
#include <string.h>

static struct {
    size_t count;
    VALUE keys[GC_STATS_MAX];
    const char *names[GC_STATS_MAX];
} known;

static VALUE info_hash, allocated_key, time_key;
static ID total_time_id;

static int remember_key(VALUE key, VALUE value, VALUE unused)
{
    (void)value;
    (void)unused;
    const char *name = symbol_name(key);
    if (name && known.count < GC_STATS_MAX) {
        known.keys[known.count] = key;
        known.names[known.count++] = name;
    }
    return ST_CONTINUE;
}

void gc_stats_init(void)
{
    VALUE stats = rb_hash_new();
    rb_gc_stat(stats);
    rb_hash_foreach(stats, remember_key, Qnil);

    info_hash = rb_hash_new();
    rb_gc_register_mark_object(info_hash);
    rb_gc_latest_gc_info(info_hash);
    total_time_id = rb_intern("total_time");
    time_key = ID2SYM(rb_intern("time"));
    allocated_key = ID2SYM(rb_intern("total_allocated_objects"));
}

void gc_stats_collect(struct gc_stats *stats)
{
    stats->count = known.count;
    for (size_t i = 0; i < known.count; i++)
        stats->values[i] = rb_gc_stat(known.keys[i]);
}

const char *gc_stats_name(size_t i)
{
    return known.names[i];
}

int gc_stats_position(const char *name)
{
    for (size_t i = 0; i < known.count; i++)
        if (strcmp(known.names[i], name) == 0) return (int)i;
    return -1;
}

static int copy_field(VALUE key, VALUE value, VALUE argument)
{
    struct gc_info *info = (struct gc_info *)argument;
    const char *name = symbol_name(key), *word = symbol_name(value);
    if (info->count == GC_INFO_MAX || !name) return ST_CONTINUE;

    struct gc_info_field *field = &info->fields[info->count++];
    *field = (struct gc_info_field){.key = name, .kind = GC_INFO_NIL};
    if (word) {
        field->kind = GC_INFO_NAME;
        field->name = word;
    } else if (FIXNUM_P(value)) {
        field->kind = GC_INFO_INTEGER;
        field->integer = FIX2LONG(value);
    } else if (value == Qtrue || value == Qfalse) {
        field->kind = value == Qtrue ? GC_INFO_TRUE : GC_INFO_FALSE;
    }
    return ST_CONTINUE;
}

static VALUE collect_info(VALUE argument)
{
    rb_gc_latest_gc_info(info_hash);
    rb_hash_foreach(info_hash, copy_field, argument);
    return Qnil;
}

void gc_info_collect(struct gc_info *info)
{
    info->count = 0;
    guarded_c_call(collect_info, (VALUE)info, NULL);
}

static VALUE total_time(VALUE unused)
{
    (void)unused;
    return ULL2NUM(NUM2ULL(rb_funcall(rb_mGC, total_time_id, 0)));
}

/* GC.stat(:time), for where GC.total_time must not be called: it is a method written in Ruby. */
static uint64_t milliseconds_as_ns(void)
{
    return (uint64_t)rb_gc_stat(time_key) * 1000000u;
}

uint64_t gc_total_time_ns(void)
{
    static uint64_t latest_ns;
    VALUE time = INT2FIX(0);
    uint64_t now_ns =
        gvl_turn_in_job() || !guarded_call(total_time, Qnil, &time) ? milliseconds_as_ns() : NUM2ULL(time);
    if (now_ns > latest_ns) latest_ns = now_ns;
    return latest_ns;
}

/* As of the latest answer of gc_total_time_by_ms_ns. */
static struct {
    size_t count, ms;
    uint64_t ns;
} by_ms;

bool gc_total_time_by_ms_known(uint64_t *time_ns)
{
    if (rb_gc_count() != by_ms.count || rb_gc_stat(time_key) != by_ms.ms) return false;
    *time_ns = by_ms.ns;
    return true;
}

uint64_t gc_total_time_by_ms_ns(void)
{
    size_t count = rb_gc_count(), ms = rb_gc_stat(time_key);

    if (count != by_ms.count || ms != by_ms.ms) {
        by_ms.ns = gc_total_time_ns(); /* first: an interrupt that waited comes out of it */
        by_ms.count = count;
        by_ms.ms = ms;
    }
    return by_ms.ns;
}

uint64_t gc_total_allocated_objects(void)
{
    return rb_gc_stat(allocated_key);
}
