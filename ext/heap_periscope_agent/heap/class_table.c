#include "heap/class_table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 512
#define KLASS_BITS     58

void class_table_init(struct class_table *table)
{
    memset(table, 0, sizeof *table);
}

void class_table_free(struct class_table *table)
{
    free(table->entries);
    free(table->index);
    class_table_init(table);
}

size_t class_table_memory_bytes(const struct class_table *table)
{
    return table->capacity * sizeof *table->entries + table->index_size * sizeof *table->index;
}

static size_t first_slot(const struct class_table *table, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (table->index_size - 1);
}

static uint64_t entry_key(const struct class_count *entry)
{
    return class_table_key(entry->klass, entry->type);
}

/* The index is kept at most half full, so every probe ends. */
static bool grow_index(struct class_table *table, size_t size)
{
    uint32_t *index = calloc(size, sizeof *index);
    if (!index) return false;

    free(table->index);
    table->index = index;
    table->index_size = size;
    for (size_t i = 0; i < table->used; i++) {
        size_t slot = first_slot(table, entry_key(&table->entries[i]));
        while (index[slot])
            slot = (slot + 1) & (size - 1);
        index[slot] = (uint32_t)i + 1;
    }
    return true;
}

static bool grow(struct class_table *table)
{
    size_t capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
    struct class_count *entries = realloc(table->entries, capacity * sizeof *entries);
    if (!entries) return false;

    table->entries = entries;
    if (!grow_index(table, capacity * 2)) return false;
    table->capacity = capacity;
    return true;
}

static struct class_count *find_or_insert(struct class_table *table, uintptr_t klass, uint8_t type)
{
    if (table->used == table->capacity && !grow(table)) return NULL;

    uint64_t key = class_table_key(klass, type);
    size_t slot = first_slot(table, key);
    while (table->index[slot]) {
        struct class_count *entry = &table->entries[table->index[slot] - 1];
        if (entry_key(entry) == key) return entry;
        slot = (slot + 1) & (table->index_size - 1);
    }
    struct class_count *entry = &table->entries[table->used++];
    *entry = (struct class_count){.klass = klass, .type = type};
    table->index[slot] = (uint32_t)table->used;
    return entry;
}

void class_table_add(struct class_table *table, uintptr_t klass, uint8_t type, uint64_t count, uint64_t bytes)
{
    struct class_count *entry = find_or_insert(table, klass, type);
    if (!entry) {
        table->unrecorded += count;
        return;
    }
    entry->count += count;
    entry->bytes += bytes;
}

static void flush_line(struct class_table *table, struct class_table_cache_line *line)
{
    struct class_table_sum sum = {0, 0};
    for (size_t i = 0; i < CLASS_TABLE_LANES; i++) {
        sum.count += line->lanes[i].count;
        sum.bytes += line->lanes[i].bytes;
        line->lanes[i] = (struct class_table_sum){0, 0};
    }
    if (!line->key || (!sum.count && !sum.bytes)) return;

    uintptr_t klass = (uintptr_t)(line->key & ((UINT64_C(1) << KLASS_BITS) - 1));
    class_table_add(table, klass, (uint8_t)(line->key >> KLASS_BITS), sum.count, sum.bytes);
}

void class_table_replace_line(struct class_table *table, struct class_table_cache_line *line, uint64_t key)
{
    flush_line(table, line);
    line->key = key;
}

void class_table_flush(struct class_table *table)
{
    for (size_t i = 0; i < CLASS_TABLE_CACHE_LINES; i++)
        flush_line(table, &table->cache[i]);
}
