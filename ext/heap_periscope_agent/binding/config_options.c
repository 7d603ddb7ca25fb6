#include "binding/config_options.h"

#include "gc/gc_events.h"
#include "heap/platform_classes.h"

#include <stdio.h>

VALUE config_option(VALUE options, const char *name)
{
    return rb_hash_fetch(options, ID2SYM(rb_intern(name)));
}

static bool flag(VALUE options, const char *name)
{
    return RTEST(config_option(options, name));
}

static double decimal(VALUE options, const char *name)
{
    return NUM2DBL(config_option(options, name));
}

static size_t whole(VALUE options, const char *name)
{
    return NUM2SIZET(config_option(options, name));
}

/* nil leaves the text empty. */
static void text(VALUE options, const char *name, char *target, size_t size)
{
    VALUE value = config_option(options, name);
    if (NIL_P(value)) return;
    Check_Type(value, T_STRING);
    snprintf(target, size, "%s", StringValueCStr(value));
}

void config_options_extend_platform(VALUE options)
{
    VALUE names = config_option(options, "platform_namespaces");
    Check_Type(names, T_ARRAY);
    long count = RARRAY_LEN(names);
    VALUE holder;
    const char **copies = ALLOCV_N(const char *, holder, count ? count : 1);
    for (long i = 0; i < count; i++) {
        VALUE name = RARRAY_AREF(names, i);
        Check_Type(name, T_STRING);
        copies[i] = StringValueCStr(name);
    }
    platform_classes_extend(copies, (size_t)count);
    ALLOCV_END(holder);
    RB_GC_GUARD(names);
}

void config_options_read(VALUE options, struct agent_config *config)
{
    Check_Type(options, T_HASH);
    VALUE gc_pauses = config_option(options, "gc_pauses"),
          limit = config_option(options, "max_datagram_bytes");
    *config = (struct agent_config){
        .interval_s = decimal(options, "interval"),
        .port = (int)whole(options, "port"),
        .detailed_objects = flag(options, "enable_detailed_objects"),
        .detailed_objects_limit = whole(options, "detailed_objects_limit"),
        .census_slice_ns = (uint64_t)(decimal(options, "census_slice_ms") * 1e6),
        .max_datagram_bytes = NIL_P(limit) ? 0 : NUM2SIZET(limit),
        .gc_pauses = NIL_P(gc_pauses) ? gc_events_free_p() : RTEST(gc_pauses),
        .census_budget = decimal(options, "census_budget"),
        .max_spans = whole(options, "max_spans"),
        .allocation_sampling = flag(options, "enable_allocation_sampling"),
        .allocation_budget = decimal(options, "allocation_budget"),
        .allocation_stack_depth = (int)whole(options, "allocation_stack_depth"),
    };
    text(options, "host", config->host, sizeof config->host);
    text(options, "key_id", config->key_id, sizeof config->key_id);
}
