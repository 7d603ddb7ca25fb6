#include "vm/value_cache.h"

#include <string.h>

struct slot {
    VALUE object; /* 0: free */
    uint32_t number;
};

struct value_cache {
    VALUE holder;
    size_t majors;              /* full collections when it was empty the last time */
    uint32_t limit, used, size; /* size: a power of two, at least twice the limit */
    struct slot slots[];
};

static VALUE major_key;

/* A full collection is counted when it begins. */
static void mark(void *data)
{
    struct value_cache *cache = data;
    if (!cache || !cache->used) return;
    if (cache->majors != rb_gc_stat(major_key)) {
        value_cache_clear(cache);
        return;
    }
    for (uint32_t i = 0; i < cache->size; i++)
        if (cache->slots[i].object) rb_gc_mark(cache->slots[i].object);
}

static size_t memory_bytes(const void *data)
{
    const struct value_cache *cache = data;
    return cache ? sizeof *cache + cache->size * sizeof *cache->slots : 0;
}

/* The holder is never freed before the process ends. */
static const rb_data_type_t cache_type = {
    .wrap_struct_name = "heap_periscope_agent/value_cache",
    .function = {.dmark = mark, .dsize = memory_bytes},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY | RUBY_TYPED_WB_PROTECTED,
};

struct value_cache *value_cache_new(uint32_t limit)
{
    major_key = ID2SYM(rb_intern("major_gc_count"));
    uint32_t size = 16;
    while (size < 2 * limit)
        size *= 2;
    struct value_cache *cache = ruby_xcalloc(1, sizeof *cache + size * sizeof *cache->slots);
    cache->limit = limit;
    cache->size = size;
    rb_gc_register_address(&cache->holder); /* first: it may collect */
    cache->holder = TypedData_Wrap_Struct(0, &cache_type, cache);
    return cache;
}

static uint32_t position(const struct value_cache *cache, VALUE object)
{
    uint32_t at = (uint32_t)(((uint64_t)object * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (cache->size - 1);
    while (cache->slots[at].object && cache->slots[at].object != object)
        at = (at + 1) & (cache->size - 1);
    return at;
}

uint32_t value_cache_find(const struct value_cache *cache, VALUE object)
{
    const struct slot *slot = &cache->slots[position(cache, object)];
    return slot->object ? slot->number : VALUE_CACHE_MISS;
}

void value_cache_add(struct value_cache *cache, VALUE object, uint32_t number)
{
    if (cache->used >= cache->limit) value_cache_clear(cache);
    struct slot *slot = &cache->slots[position(cache, object)];
    if (!cache->used) cache->majors = rb_gc_stat(major_key);
    if (!slot->object) cache->used++;
    slot->number = number;
    RB_OBJ_WRITE(cache->holder, &slot->object, object);
}

void value_cache_clear(struct value_cache *cache)
{
    memset(cache->slots, 0, cache->size * sizeof *cache->slots);
    cache->used = 0;
}
