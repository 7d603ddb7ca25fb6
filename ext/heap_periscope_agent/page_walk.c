#include "page_walk.h"

#include "object_bytes.h"

/* Types whose class word is a class. Of the others (T_NONE, T_IMEMO, T_NODE, T_ICLASS, T_ZOMBIE, T_MOVED) it is something else, or
 * not one that may be resolved. */
#define HAS_CLASS UINTPTR_MAX
static const uintptr_t class_mask[RUBY_T_MASK + 1] = {
    [T_OBJECT] = HAS_CLASS, [T_CLASS] = HAS_CLASS,   [T_MODULE] = HAS_CLASS,   [T_FLOAT] = HAS_CLASS,
    [T_STRING] = HAS_CLASS, [T_REGEXP] = HAS_CLASS,  [T_ARRAY] = HAS_CLASS,    [T_HASH] = HAS_CLASS,
    [T_STRUCT] = HAS_CLASS, [T_BIGNUM] = HAS_CLASS,  [T_FILE] = HAS_CLASS,     [T_DATA] = HAS_CLASS,
    [T_MATCH] = HAS_CLASS,  [T_COMPLEX] = HAS_CLASS, [T_RATIONAL] = HAS_CLASS, [T_SYMBOL] = HAS_CLASS,
};

/* How far ahead memory is asked for: into the second-level cache from afar, into the first from near. Measured on 4 M objects: a single
 * request 4 KB ahead takes up to a fifth longer, none at all half as long again. Where bytes are counted the VM is what takes the
 * time, and one request past the caches does as well; what the program keeps in them stays there: beside requests with 1 M live
 * objects such a census delays them by 11 ms instead of 14. */
#define PREFETCH_FAR_BYTES  8192
#define PREFETCH_NEAR_BYTES 2048

/* Slots in one go, at most. */
#define CHUNK_SLOTS 1024

/* Objects that only the VM can size, put aside and then sorted by type. Asked about one after the other, types in turn, a
 * processor guesses the VM's way through its own switch wrong nearly every time; sorted, it learns it. Under the GVL, hence
 * static. */
struct aside {
    size_t count;
    uintptr_t slots[CHUNK_SLOTS];
};
static struct aside unsized, by_type[4];

static const uint8_t aside_of_type[RUBY_T_MASK + 1] = {[T_HASH] = 1, [T_STRUCT] = 2, [T_DATA] = 3};

/* 3.1 and 3.2 keep an age of two bits, of which both are set when it is old; later versions have one bit. */
static inline unsigned old_mark(VALUE flags)
{
    return (flags & (VALUE)RUBY_FL_PROMOTED) == (VALUE)RUBY_FL_PROMOTED ? PAGE_WALK_OLD : 0;
}

static inline uint64_t key_of(uintptr_t slot, VALUE flags, bool by_class, bool old)
{
    unsigned type = (unsigned)(flags & RUBY_T_MASK);
    uintptr_t klass = by_class ? (uintptr_t)RBASIC((VALUE)slot)->klass & class_mask[type] : 0;
    return class_table_key(klass, (uint8_t)(old ? type | old_mark(flags) : type));
}

/* Compiled once for each kind of census, and without a branch on what a slot holds: in a loop of a few nanoseconds a slot either
 * would tell. The flags of a free slot are 0, hence its key is. Answers 1 for a free slot. */
static inline __attribute__((always_inline)) unsigned
count_slot(struct class_table *found, uintptr_t slot, size_t stride, bool by_class, bool bytes, unsigned lane)
{
    if (bytes) {
        __builtin_prefetch((const void *)(slot + PREFETCH_NEAR_BYTES), 0, 0);
    } else {
        __builtin_prefetch((const void *)(slot + PREFETCH_FAR_BYTES), 0, 2);
        __builtin_prefetch((const void *)(slot + PREFETCH_NEAR_BYTES));
    }
    VALUE flags = RBASIC((VALUE)slot)->flags;
    struct class_table_sum *sum = class_table_sum(found, key_of(slot, flags, by_class, bytes), lane);
    sum->count++;
    if (bytes) {
        size_t known;
        unsized.slots[unsized.count] = slot;
        unsized.count += !object_bytes_known((VALUE)slot, flags, stride, &known);
        sum->bytes += known;
    }
    return !flags;
}

static inline __attribute__((always_inline)) uint64_t count_slots(struct class_table *found, uintptr_t begin,
                                                                  uintptr_t end, size_t stride, bool by_class,
                                                                  bool bytes)
{
    uint64_t free_slots = 0;
    uintptr_t slot = begin;
    for (; slot + stride < end; slot += 2 * stride) {
        free_slots += count_slot(found, slot, stride, by_class, bytes, 0);
        free_slots += count_slot(found, slot + stride, stride, by_class, bytes, 1);
    }
    if (slot < end) free_slots += count_slot(found, slot, stride, by_class, bytes, 0);
    return free_slots;
}

/* Adds to their classes what the objects put aside take beyond their slots. */
static void size_aside(struct class_table *found, size_t stride)
{
    for (size_t n = 0; n < unsized.count; n++) {
        uintptr_t slot = unsized.slots[n];
        struct aside *kind = &by_type[aside_of_type[RBASIC((VALUE)slot)->flags & RUBY_T_MASK]];
        kind->slots[kind->count++] = slot;
    }
    for (size_t i = 0; i < sizeof by_type / sizeof *by_type; i++) {
        for (size_t n = 0; n < by_type[i].count; n++) {
            uintptr_t slot = by_type[i].slots[n];
            size_t size = rb_obj_memsize_of((VALUE)slot);
            if (size <= stride) continue;
            uint64_t key = key_of(slot, RBASIC((VALUE)slot)->flags, true, true);
            class_table_sum(found, key, 0)->bytes += size - stride;
        }
        by_type[i].count = 0;
    }
    unsized.count = 0;
}

static uint64_t count_with_bytes(struct class_table *found, uintptr_t begin, uintptr_t end, size_t stride)
{
    uint64_t free_slots = 0;
    for (uintptr_t from = begin; from < end; from += CHUNK_SLOTS * stride) {
        uintptr_t to = end - from > CHUNK_SLOTS * stride ? from + CHUNK_SLOTS * stride : end;
        free_slots += count_slots(found, from, to, stride, true, true);
        size_aside(found, stride);
    }
    return free_slots;
}

uint64_t page_walk_count(struct class_table *found, uintptr_t begin, uintptr_t end, size_t stride,
                         bool by_class, bool bytes)
{
    if (bytes) return count_with_bytes(found, begin, end, stride);
    if (by_class) return count_slots(found, begin, end, stride, true, false);
    return count_slots(found, begin, end, stride, false, false);
}
