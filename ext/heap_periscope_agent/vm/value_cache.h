/* Ruby objects (classes, frames) → small numbers, for parts that keep what they know of an object outside of the Ruby heap. An
 * object in the cache is kept alive and in place, so that its address means nothing else, until the next full collection: that drops the
 * whole cache, so that a class or code that the program has let go of is gone after it. The owner looks the objects up afresh then.
 *
 * GVL, never inside a hook: adding tells the collector. */
#ifndef HEAP_PERISCOPE_VALUE_CACHE_H
#define HEAP_PERISCOPE_VALUE_CACHE_H

#include <ruby.h>
#include <stdint.h>

#define VALUE_CACHE_MISS UINT32_MAX

struct value_cache;

/* For at most `limit` objects. May raise NoMemoryError; lives as long as the process. */
struct value_cache *value_cache_new(uint32_t limit);

/* The number of an object, or VALUE_CACHE_MISS. */
uint32_t value_cache_find(const struct value_cache *cache, VALUE object);

/* A full cache is dropped first. */
void value_cache_add(struct value_cache *cache, VALUE object, uint32_t number);

void value_cache_clear(struct value_cache *cache);

#endif
