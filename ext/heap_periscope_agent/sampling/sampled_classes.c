#include "sampling/sampled_classes.h"

#include "heap/class_names.h"
#include "vm/value_cache.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS    (SAMPLED_CLASSES_MAX * 2)
#define NAME_BYTES 256
#define ANONYMOUS  "(anonymous"

static struct sampled_class classes[SAMPLED_CLASSES_MAX];
static uint32_t used_count;
static uint16_t buckets[BUCKETS]; /* index + 1 */
static struct value_cache *seen;

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

static uint16_t *bucket_of(uint32_t hash, const char *name)
{
    uint32_t at = hash & (BUCKETS - 1);
    while (buckets[at] && strcmp(classes[buckets[at] - 1].name, name) != 0)
        at = (at + 1) & (BUCKETS - 1);
    return &buckets[at];
}

static uint32_t intern_name(const char *name)
{
    uint32_t hash = hash_of(name);
    uint16_t *bucket = bucket_of(hash, name);
    if (*bucket) return *bucket - 1u;
    char *copy = used_count < SAMPLED_CLASSES_MAX ? strdup(name) : NULL;
    if (!copy) return SAMPLED_OTHER;
    classes[used_count] = (struct sampled_class){.name = copy, .hash = hash};
    *bucket = (uint16_t)++used_count;
    return used_count - 1;
}

static void add_fixed(void)
{
    intern_name("(internal)");
    intern_name("(other)");
}

void sampled_classes_init(void)
{
    if (seen) return;
    seen = value_cache_new(SAMPLED_CLASSES_MAX);
    add_fixed();
}

uint32_t sampled_classes_intern(VALUE klass)
{
    if (!klass) return SAMPLED_INTERNAL;
    uint32_t index = value_cache_find(seen, klass);
    if (index != VALUE_CACHE_MISS) return index;

    char name[NAME_BYTES];
    class_names_write(klass, name, sizeof name);
    index = intern_name(name);
    /* One that has no name is looked up each time: it may be one of very many, and should go when the program lets it go. */
    if (strncmp(name, ANONYMOUS, strlen(ANONYMOUS)) != 0) value_cache_add(seen, klass, index);
    return index;
}

uint32_t sampled_classes_named(const char *name)
{
    char cut[NAME_BYTES];
    snprintf(cut, sizeof cut, "%s", name);
    uint16_t place = used_count ? *bucket_of(hash_of(cut), cut) : 0;
    return place ? place - 1u : SAMPLED_OTHER;
}

struct sampled_class *sampled_classes_at(uint32_t index)
{
    return &classes[index];
}

uint32_t sampled_classes_size(void)
{
    return used_count;
}

void sampled_classes_let_go(void)
{
    if (seen) value_cache_clear(seen);
}

void sampled_classes_clear(void)
{
    for (uint32_t i = 0; i < used_count; i++)
        free(classes[i].name);
    used_count = 0;
    memset(buckets, 0, sizeof buckets);
    if (!seen) return;
    value_cache_clear(seen);
    add_fixed();
}
