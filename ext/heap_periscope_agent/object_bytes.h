/* Memory of one object, as ObjectSpace.memsize_of counts it, but quick for the common types.
 * GVL held, inside a heap walk; does not allocate and calls no method of the application. */
#ifndef HEAP_PERISCOPE_OBJECT_BYTES_H
#define HEAP_PERISCOPE_OBJECT_BYTES_H

#include "vm.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef FL_EXIVAR /* instance variables of an object without room for them; gone in Ruby 4.0 */
#define FOREIGN_IVARS ((VALUE)RUBY_FL_EXIVAR)
#else
#define FOREIGN_IVARS ((VALUE)0)
#endif

/* How the flags of a T_ type tell its memory. Tables instead of a switch: on a heap where every object has another type than its
 * neighbour, a branch on the type is guessed wrong most of the time, which costs more than all the rest of the walk. */
struct size_rule {
    VALUE slot_mask, slot_value;   /* (flags & mask) == value: the slot is all there is */
    VALUE owner_mask, owner_value; /* (flags & mask) == value: a buffer of its own hangs off it */
    size_t capacity_offset;        /* of the buffer's capacity in the slot */
    size_t unit_bytes, extra_bytes;
};

/* What no flags can equal: under a mask of 0 the value is 0. */
#define NEVER 0, 1
/* Always the slot alone. For classes and internal objects by choice: sizing a class that is still being made has crashed a
 * VM (docs/architecture.md). */
#define SLOT_ONLY                                                                                            \
    {                                                                                                        \
        0, 0, NEVER, offsetof(struct RBasic, flags), 0, 0                                                    \
    }
#define SLOT_UNLESS_FOREIGN_IVARS                                                                            \
    {                                                                                                        \
        FOREIGN_IVARS, 0, NEVER, offsetof(struct RBasic, flags), 0, 0                                        \
    }
#define ASK_THE_VM                                                                                           \
    {                                                                                                        \
        NEVER, NEVER, offsetof(struct RBasic, flags), 0, 0                                                   \
    }

static const struct size_rule size_rules[RUBY_T_MASK + 1] = {
    /* A frozen string may point to static memory, which only the VM knows. */
    [T_STRING] = {FOREIGN_IVARS | RSTRING_NOEMBED, 0,
                  FOREIGN_IVARS | RSTRING_NOEMBED | (VALUE)RUBY_ELTS_SHARED | (VALUE)RUBY_FL_FREEZE,
                  RSTRING_NOEMBED, offsetof(struct RString, as.heap.aux.capa), 1, 1},
    [T_ARRAY] = {FOREIGN_IVARS | RARRAY_EMBED_FLAG, RARRAY_EMBED_FLAG,
                 FOREIGN_IVARS | RARRAY_EMBED_FLAG | (VALUE)RUBY_ELTS_SHARED, 0,
                 offsetof(struct RArray, as.heap.aux.capa), sizeof(VALUE), 0},
#ifdef ROBJECT_EMBED
    [T_OBJECT] = {ROBJECT_EMBED, ROBJECT_EMBED, NEVER, offsetof(struct RBasic, flags), 0, 0},
#else
    [T_OBJECT] = ASK_THE_VM,
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
    [T_HASH] = ASK_THE_VM,
    [T_STRUCT] = ASK_THE_VM,
    [T_BIGNUM] = ASK_THE_VM,
    [T_FILE] = ASK_THE_VM,
    [T_DATA] = ASK_THE_VM,
    [T_MATCH] = ASK_THE_VM,
    [T_REGEXP] = ASK_THE_VM,
};

/* Bytes of `object` by its flags, without a branch; `flags` and `slot_bytes` are those the walk has at hand. False when only the
 * VM can tell (rb_obj_memsize_of): then `bytes` is the slot alone. */
static inline bool object_bytes_known(VALUE object, VALUE flags, size_t slot_bytes, size_t *bytes)
{
    const struct size_rule *rule = &size_rules[flags & RUBY_T_MASK];
    size_t owner = (flags & rule->owner_mask) == rule->owner_value;
    size_t slot_only = (flags & rule->slot_mask) == rule->slot_value;
    size_t capacity = *(const size_t *)(object + rule->capacity_offset);
    *bytes = slot_bytes + (capacity * rule->unit_bytes + rule->extra_bytes) * owner;
    return owner | slot_only;
}

#endif
