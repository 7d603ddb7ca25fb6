/* Memory of one object, as ObjectSpace.memsize_of counts it, but quick for the common types.
 * GVL held, inside a heap walk; does not allocate and calls no method of the application. */
#ifndef HEAP_PERISCOPE_OBJECT_BYTES_H
#define HEAP_PERISCOPE_OBJECT_BYTES_H

#include "vm/vm.h"

#include <ruby/encoding.h>
#include <stdbool.h>
#include <stddef.h>

/* Instance variables of an object without room for them. From Ruby 4.0 on they are an object of their own, which is counted
 * by itself; the old flag means nothing there, and its use is warned of. */
#ifdef HEAP_PERISCOPE_FOREIGN_IVARS
#define FOREIGN_IVARS ((VALUE)RUBY_FL_EXIVAR)
#else
#define FOREIGN_IVARS ((VALUE)0)
#endif

/* Binary, UTF-8 and US-ASCII, the first three of all encodings: their strings end with one zero byte, others' with up to
 * four. */
#define LAST_NARROW_ENCODING ((VALUE)2 << RUBY_ENCODING_SHIFT)

/* When (flags & mask) == value, the slot is all there is. A table instead of a switch: on a heap where every object has another type
 * than its neighbour, a branch on the type is guessed wrong most of the time, which costs more than all the rest of the
 * walk. */
struct slot_rule {
    VALUE mask, value;
};

/* Always the slot alone. For classes and internal objects by choice: sizing a class that is still being made has crashed a
 * VM (docs/architecture.md). */
#define SLOT_ONLY                                                                                            \
    {                                                                                                        \
        0, 0                                                                                                 \
    }
#define SLOT_UNLESS_FOREIGN_IVARS                                                                            \
    {                                                                                                        \
        FOREIGN_IVARS, 0                                                                                     \
    }
/* Under a mask of 0 the value is 0. */
#define NEVER                                                                                                \
    {                                                                                                        \
        0, 1                                                                                                 \
    }

static const struct slot_rule slot_rules[RUBY_T_MASK + 1] = {
    [T_STRING] = {FOREIGN_IVARS | RSTRING_NOEMBED, 0},
    [T_ARRAY] = {FOREIGN_IVARS | RARRAY_EMBED_FLAG, RARRAY_EMBED_FLAG},
#if defined(ROBJECT_EMBED)
    [T_OBJECT] = {ROBJECT_EMBED, ROBJECT_EMBED},
#elif defined(ROBJECT_HEAP) /* Ruby 4.0 has the flag turned round */
    [T_OBJECT] = {ROBJECT_HEAP, 0},
#else
    [T_OBJECT] = NEVER,
#endif
    [T_FLOAT] = SLOT_UNLESS_FOREIGN_IVARS,
    [T_COMPLEX] = SLOT_UNLESS_FOREIGN_IVARS,
    [T_RATIONAL] = SLOT_UNLESS_FOREIGN_IVARS,
    [T_SYMBOL] = SLOT_UNLESS_FOREIGN_IVARS,
    [T_CLASS] = SLOT_ONLY,
    [T_MODULE] = SLOT_ONLY,
    [T_ICLASS] = SLOT_ONLY,
    [T_IMEMO] = SLOT_ONLY,
    [T_NODE] = SLOT_ONLY,
    [T_ZOMBIE] = SLOT_ONLY,
    [T_MOVED] = SLOT_ONLY,
    [T_HASH] = NEVER,
    [T_STRUCT] = NEVER,
    [T_BIGNUM] = NEVER,
    [T_FILE] = NEVER,
    [T_DATA] = NEVER,
    [T_MATCH] = NEVER,
    [T_REGEXP] = NEVER,
};

/* Without a branch. */
static inline bool object_bytes_slot_only(VALUE flags)
{
    const struct slot_rule *rule = &slot_rules[flags & RUBY_T_MASK];
    return (flags & rule->mask) == rule->value;
}

/* What an object of the others takes beyond its slot. Strings and arrays with a buffer of their own tell it. Of a frozen one
 * only the VM knows: a string may point to static memory, and an array that others share keeps another number where the
 * capacity is. */
static inline size_t object_bytes_beyond_slot(VALUE object, size_t slot_bytes)
{
    VALUE flags = RBASIC(object)->flags, type = flags & RUBY_T_MASK;
    VALUE asked_of = FOREIGN_IVARS | (VALUE)RUBY_ELTS_SHARED | (VALUE)RUBY_FL_FREEZE;
    if (type == T_STRING && (flags & (asked_of | RSTRING_NOEMBED)) == RSTRING_NOEMBED &&
        (flags & RUBY_ENCODING_MASK) <= LAST_NARROW_ENCODING)
        return (size_t)RSTRING(object)->as.heap.aux.capa + 1;
    if (type == T_ARRAY && !(flags & (asked_of | RARRAY_EMBED_FLAG)))
        return (size_t)RARRAY(object)->as.heap.aux.capa * sizeof(VALUE);
    size_t size = vm.memsize_of ? vm.memsize_of(object) : 0;
    return size > slot_bytes ? size - slot_bytes : 0;
}

/* Of a slot of the smallest size, for where the VM does not tell. */
#define SMALLEST_SLOT_BYTES (sizeof(struct RBasic) + 3 * sizeof(VALUE))

/* An object outside of a walk. */
static inline size_t object_bytes(VALUE object)
{
    if (vm.memsize_of) return vm.memsize_of(object);
    return SMALLEST_SLOT_BYTES + object_bytes_beyond_slot(object, SMALLEST_SLOT_BYTES);
}

#endif
