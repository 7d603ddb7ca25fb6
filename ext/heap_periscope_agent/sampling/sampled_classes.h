/* The classes that windows saw, by name: a class that was reloaded, or one without a name, is kept no longer than it lives.
 * GVL, outside of hooks. */
#ifndef HEAP_PERISCOPE_SAMPLED_CLASSES_H
#define HEAP_PERISCOPE_SAMPLED_CLASSES_H

#include "sampling/share_estimate.h"

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLED_CLASSES_MAX 2048
/* Always there: objects of the VM's own, and classes that found no room. */
#define SAMPLED_INTERNAL 0
#define SAMPLED_OTHER    1

struct sampled_class {
    char *name;
    uint32_t hash;
    struct share_counter allocations;
};

/* Once. May raise NoMemoryError. */
void sampled_classes_init(void);

/* The place of a class word; 0 is for internal objects. May raise: by guarded_c_call. */
uint32_t sampled_classes_intern(VALUE klass);

/* The place of a name, or SAMPLED_OTHER where it is not known. */
uint32_t sampled_classes_named(const char *name);

struct sampled_class *sampled_classes_at(uint32_t index);
uint32_t sampled_classes_size(void);

void sampled_classes_let_go(void);
void sampled_classes_clear(void);

#endif
