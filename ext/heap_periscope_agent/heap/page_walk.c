#include "heap/page_walk.h"

#include "heap/object_bytes.h"

/* Types whose class word is a class. Of the others (T_NONE, T_IMEMO, T_NODE, T_ICLASS, T_ZOMBIE, T_MOVED) it is something else, or
 * not one that may be resolved. */
#define HAS_CLASS UINTPTR_MAX
static const uintptr_t class_mask[RUBY_T_MASK + 1] = {
    [T_OBJECT] = HAS_CLASS, [T_CLASS] = HAS_CLASS,   [T_MODULE] = HAS_CLASS,   [T_FLOAT] = HAS_CLASS,
    [T_STRING] = HAS_CLASS, [T_REGEXP] = HAS_CLASS,  [T_ARRAY] = HAS_CLASS,    [T_HASH] = HAS_CLASS,
    [T_STRUCT] = HAS_CLASS, [T_BIGNUM] = HAS_CLASS,  [T_FILE] = HAS_CLASS,     [T_DATA] = HAS_CLASS,
    [T_MATCH] = HAS_CLASS,  [T_COMPLEX] = HAS_CLASS, [T_RATIONAL] = HAS_CLASS, [T_SYMBOL] = HAS_CLASS,
};

/* How many slots ahead memory is asked for: into the second-level cache from afar, into the first from near. The last slots of a page
 * ask for the first of the next, which is anywhere: pages are small (16 KB on 3.1), and every start from cold costs. On
 * 4 M objects such a walk takes 8 ms on 3.1, with one distance only 13, without a look at the next page 16.
 * Where bytes are counted the VM is what takes the time, and one request past the caches does as well; what the program keeps
 * in them stays there: beside requests with 1 M live objects such a census delays them by 11 ms instead of 14. */
#define FAR_SLOTS  200
#define NEAR_SLOTS 50

/* What to add to a slot's address to have that of the memory to ask for. */
struct ahead {
    intptr_t far, near;
};

/* Slots in one go, at most: what is put aside of them is still in the caches afterwards. */
#define CHUNK_SLOTS 256

/* Objects that take more than their slot, put aside and then sorted by type. Asked about one after the other, types in turn, a
 * processor guesses the way through a switch, ours or the VM's, wrong nearly every time; sorted, it learns it. Under the
 * GVL, hence static. */
struct aside {
    size_t count;
    uintptr_t slots[CHUNK_SLOTS];
};
#define ASIDE_KINDS 6
static struct aside unsized, by_type[ASIDE_KINDS];

static const uint8_t aside_of_type[RUBY_T_MASK + 1] = {
    [T_HASH] = 1, [T_STRUCT] = 2, [T_DATA] = 3, [T_STRING] = 4, [T_ARRAY] = 5};

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
static inline __attribute__((always_inline)) unsigned count_slot(struct class_table *found, uintptr_t slot,
                                                                 size_t stride, struct ahead ahead,
                                                                 bool by_class, bool bytes, unsigned lane,
                                                                 size_t *aside)
{
    if (bytes) {
        __builtin_prefetch((const void *)(slot + (uintptr_t)ahead.near), 0, 0);
    } else {
        __builtin_prefetch((const void *)(slot + (uintptr_t)ahead.far), 0, 2);
        __builtin_prefetch((const void *)(slot + (uintptr_t)ahead.near));
    }
    VALUE flags = RBASIC((VALUE)slot)->flags;
    struct class_table_sum *sum = class_table_sum(found, key_of(slot, flags, by_class, bytes), lane);
    sum->count++;
    if (bytes) {
        unsized.slots[*aside] = slot;
        *aside += !object_bytes_slot_only(flags);
        sum->bytes += stride;
    }
    return !flags;
}

static inline __attribute__((always_inline)) uint64_t count_slots(struct class_table *found, uintptr_t begin,
                                                                  uintptr_t end, size_t stride,
                                                                  struct ahead ahead, bool by_class,
                                                                  bool bytes)
{
    uint64_t free_slots = 0;
    size_t aside = 0;
    uintptr_t slot = begin;
    for (; slot + stride < end; slot += 2 * stride) {
        free_slots += count_slot(found, slot, stride, ahead, by_class, bytes, 0, &aside);
        free_slots += count_slot(found, slot + stride, stride, ahead, by_class, bytes, 1, &aside);
    }
    if (slot < end) free_slots += count_slot(found, slot, stride, ahead, by_class, bytes, 0, &aside);
    unsized.count = aside;
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
    for (size_t i = 0; i < ASIDE_KINDS; i++) {
        for (size_t n = 0; n < by_type[i].count; n++) {
            uintptr_t slot = by_type[i].slots[n];
            size_t beyond = object_bytes_beyond_slot((VALUE)slot, stride);
            if (!beyond) continue;
            uint64_t key = key_of(slot, RBASIC((VALUE)slot)->flags, true, true);
            class_table_sum(found, key, n & 1)->bytes += beyond;
        }
        by_type[i].count = 0;
    }
}

static inline __attribute__((always_inline)) uint64_t count_part(struct class_table *found, uintptr_t begin,
                                                                 uintptr_t end, size_t stride,
                                                                 struct ahead ahead, bool by_class,
                                                                 bool bytes)
{
    if (!bytes) return count_slots(found, begin, end, stride, ahead, by_class, false);

    uint64_t free_slots = 0;
    for (uintptr_t from = begin; from < end; from += CHUNK_SLOTS * stride) {
        uintptr_t to = end - from > CHUNK_SLOTS * stride ? from + CHUNK_SLOTS * stride : end;
        free_slots += count_slots(found, from, to, stride, ahead, true, true);
        size_aside(found, stride);
    }
    return free_slots;
}

/* The first slot from which on so many slots ahead is out of the page. */
static uintptr_t leaving_at(const struct heap_page_slots *page, size_t ahead)
{
    size_t slots = (page->end - page->begin) / page->stride;
    return page->begin + (slots > ahead ? (slots - ahead) * page->stride : 0);
}

static inline __attribute__((always_inline)) uint64_t count_page(struct class_table *found,
                                                                 const struct heap_page_slots *page,
                                                                 uintptr_t next, bool by_class, bool bytes)
{
    struct ahead ahead = {(intptr_t)(FAR_SLOTS * page->stride), (intptr_t)(NEAR_SLOTS * page->stride)};
    if (!next) return count_part(found, page->begin, page->end, page->stride, ahead, by_class, bytes);

    uintptr_t far_from = bytes ? page->begin : leaving_at(page, FAR_SLOTS);
    uintptr_t near_from = leaving_at(page, NEAR_SLOTS);
    uint64_t free_slots = 0;
    if (!bytes) free_slots += count_part(found, page->begin, far_from, page->stride, ahead, by_class, false);
    ahead.far = (intptr_t)(next - far_from);
    free_slots += count_part(found, far_from, near_from, page->stride, ahead, by_class, bytes);
    ahead.near = (intptr_t)(next - near_from);
    free_slots += count_part(found, near_from, page->end, page->stride, ahead, by_class, bytes);
    return free_slots;
}

uint64_t page_walk_count(struct class_table *found, const struct heap_page_slots *page, uintptr_t next,
                         bool by_class, bool bytes)
{
    if (bytes) return count_page(found, page, next, true, true);
    if (by_class) return count_page(found, page, next, true, false);
    return count_page(found, page, next, false, false);
}
