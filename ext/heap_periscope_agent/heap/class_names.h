/* Class words → real classes → names, after a walk. Asks the VM for the path it keeps, never a method the program may have
 * overridden. GVL held for everything but `class_names_free` and the reading of a finished result. */
#ifndef HEAP_PERISCOPE_CLASS_NAMES_H
#define HEAP_PERISCOPE_CLASS_NAMES_H

#include "heap/census_result.h"

#include <ruby.h>

/* Longer names are cut to this many bytes, end in an ellipsis and are counted. */
#define CLASS_NAME_MAX_BYTES 1024

struct class_names;

/* NULL when there is no memory. */
struct class_names *class_names_new(void);

/* Adds counts of old or of young objects to the real class behind a class word; 0 stands for internal objects. May raise
 * (NoMemoryError): call it by guarded_c_call. */
void class_names_add(struct class_names *names, VALUE klass, bool old, uint64_t count, uint64_t bytes);

/* Keeps the classes alive and in place. Called by the collector. */
void class_names_mark(const struct class_names *names);

/* Moves the entries to `result->classes`, in no order and unmerged: up to two of a class, for young and old. */
void class_names_take(struct class_names *names, struct census_result *result);

void class_names_free(struct class_names *names);

/* Writes the name of one class, NUL-terminated and cut to `size` bytes; anonymous classes are named after the first
 * ancestor with a name. `klass` may be any class word, 0 included. True when the name had to be cut. May raise: by guarded_c_call. */
bool class_names_write(VALUE klass, char *name, size_t size);

#endif
