#include "agent_config.h"

#include "gc_events.h"
#include "platform_classes.h"
#include "signer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct agent_config current;

void agent_config_init(void)
{
    current = (struct agent_config){
        .interval_s = 10.0,
        .host = "127.0.0.1",
        .port = 9000,
        .detailed_objects_limit = 20,
        .census_slice_ns = 1000000,
        .gc_pauses = gc_events_free_p(),
        .census_budget = 0.01,
        .max_spans = 500,
        .allocation_budget = 0.01,
        .allocation_stack_depth = 24,
    };
}

static VALUE option(VALUE options, const char *name)
{
    return rb_hash_aref(options, ID2SYM(rb_intern(name)));
}

static double float_option(VALUE options, const char *name, double otherwise)
{
    VALUE value = option(options, name);
    return NIL_P(value) ? otherwise : NUM2DBL(value);
}

static size_t size_option(VALUE options, const char *name, size_t otherwise)
{
    VALUE value = option(options, name);
    return NIL_P(value) ? otherwise : NUM2SIZET(value);
}

static void string_option(VALUE options, const char *name, char *target, size_t size)
{
    VALUE value = option(options, name);
    if (NIL_P(value)) return;
    snprintf(target, size, "%s", StringValueCStr(value));
}

static void store_namespaces(VALUE names)
{
    if (!RB_TYPE_P(names, T_ARRAY)) return;

    long count = RARRAY_LEN(names);
    VALUE holder;
    const char **copies = ALLOCV_N(const char *, holder, count ? count : 1);
    for (long i = 0; i < count; i++) {
        VALUE name = RARRAY_AREF(names, i);
        Check_Type(name, T_STRING); /* what it made of anything else would be gone by the time it is read */
        copies[i] = StringValueCStr(name);
    }
    platform_classes_extend(copies, (size_t)count);
    ALLOCV_END(holder);
}

void agent_config_store(VALUE options)
{
    struct agent_config next;
    Check_Type(options, T_HASH);
    agent_config_copy(&next);

    next.generation++;
    next.interval_s = float_option(options, "interval", next.interval_s);
    string_option(options, "host", next.host, sizeof next.host);
    next.port = (int)size_option(options, "port", (size_t)next.port);
    next.detailed_objects = RTEST(option(options, "enable_detailed_objects"));
    next.detailed_objects_limit = size_option(options, "detailed_objects_limit", next.detailed_objects_limit);
    next.census_slice_ns = (uint64_t)(float_option(options, "census_slice_ms", 1.0) * 1e6);
    next.max_datagram_bytes = size_option(options, "max_datagram_bytes", 0);
    next.key = signer_use(option(options, "secret"));
    next.sign = next.key != 0;
    string_option(options, "key_id", next.key_id, sizeof next.key_id);
    VALUE gc_pauses = option(options, "gc_pauses");
    next.gc_pauses = NIL_P(gc_pauses) ? gc_events_free_p() : RTEST(gc_pauses);
    next.census_budget = float_option(options, "census_budget", next.census_budget);
    next.max_spans = size_option(options, "max_spans", next.max_spans);
    next.allocation_sampling = RTEST(option(options, "enable_allocation_sampling"));
    next.allocation_budget = float_option(options, "allocation_budget", next.allocation_budget);
    next.allocation_stack_depth =
        (int)size_option(options, "allocation_stack_depth", (size_t)next.allocation_stack_depth);
    store_namespaces(option(options, "platform_namespaces"));

    pthread_mutex_lock(&lock);
    current = next;
    pthread_mutex_unlock(&lock);
}

void agent_config_copy(struct agent_config *config)
{
    pthread_mutex_lock(&lock);
    *config = current;
    pthread_mutex_unlock(&lock);
}

void agent_config_lock(void)
{
    pthread_mutex_lock(&lock);
}

void agent_config_unlock(void)
{
    pthread_mutex_unlock(&lock);
}
