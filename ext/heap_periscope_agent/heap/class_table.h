/* Counts and bytes by (class word, T_ type). A pure data structure: it never calls Ruby and never looks behind a class word, so it
 * may be filled during a heap walk. Memory is its own (malloc); when that runs out the object is counted in `unrecorded`.
 *
 * Not locked: one owner at a time, in practice under the GVL. */
#ifndef HEAP_PERISCOPE_CLASS_TABLE_H
#define HEAP_PERISCOPE_CLASS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct class_count {
    uintptr_t klass; /* 0: the object has no class of its own (internal, hidden) */
    uint64_t count;
    uint64_t bytes;
    uint8_t type; /* T_ type, 0–31 */
};

/* Small direct-mapped cache in front of the table: it stays in the first-level cache, where the table of a large
 * application does not. Every line sums in two lanes that take turns: objects of one class often follow each other, and a sum
 * that was just written is only there again after a few cycles. */
#define CLASS_TABLE_CACHE_BITS  10
#define CLASS_TABLE_CACHE_LINES (1 << CLASS_TABLE_CACHE_BITS)
#define CLASS_TABLE_LANES       2

struct class_table_sum {
    uint64_t count, bytes;
};

struct class_table_cache_line {
    uint64_t key;
    struct class_table_sum lanes[CLASS_TABLE_LANES];
};

struct class_table {
    struct class_count *entries; /* dense, in order of first sight */
    uint32_t *index;             /* open addressing: position in entries + 1, 0 = free */
    size_t used, capacity;
    size_t index_size; /* a power of two, or 0 */
    uint64_t unrecorded;
    struct class_table_cache_line cache[CLASS_TABLE_CACHE_LINES];
};

/* Prepares an empty table; allocates nothing. */
void class_table_init(struct class_table *table);

/* Gives all memory back; the table is empty and usable again. */
void class_table_free(struct class_table *table);

/* Adds `count` and `bytes` to (klass, type) past the cache. */
void class_table_add(struct class_table *table, uintptr_t klass, uint8_t type, uint64_t count,
                     uint64_t bytes);

/* Moves what the cache holds into `entries`. Call before reading entries. */
void class_table_flush(struct class_table *table);

/* Bytes of memory held beyond the struct itself. */
size_t class_table_memory_bytes(const struct class_table *table);

/* User-space addresses leave the top six bits free on every 64-bit platform Ruby runs on; the type goes there. The key 0, which no
 * object has, is counted nowhere: free slots may be given it. */
static inline uint64_t class_table_key(uintptr_t klass, uint8_t type)
{
    return (uint64_t)klass ^ ((uint64_t)type << 58);
}

/* Called when a key meets a line that holds another one. */
__attribute__((cold)) void class_table_replace_line(struct class_table *table,
                                                    struct class_table_cache_line *line, uint64_t key);

/* Hot path of the walk: the sum that one more object of `key` goes to. */
static inline struct class_table_sum *class_table_sum(struct class_table *table, uint64_t key, unsigned lane)
{
    /* Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, 6.4) */
    struct class_table_cache_line *line =
        &table->cache[(key * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - CLASS_TABLE_CACHE_BITS)];
    if (__builtin_expect(line->key != key, 0)) class_table_replace_line(table, line, key);
    return &line->lanes[lane];
}

#endif
