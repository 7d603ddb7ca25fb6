/* The innermost loop of a census: counts the slots of one heap page into a class table. GVL held, inside a heap walk: nothing is
 * allocated from Ruby, nothing of the program's is called. */
#ifndef HEAP_PERISCOPE_PAGE_WALK_H
#define HEAP_PERISCOPE_PAGE_WALK_H

#include "class_table.h"
#include "heap_census.h"

/* With sizes, objects of the old generation are kept apart: their type carries this mark. Types need five bits. */
#define PAGE_WALK_OLD HEAP_CENSUS_TYPES

/* Counts the objects from `begin` to `end` in steps of `stride`; `bytes` needs `by_class`. Answers how many slots are free. */
uint64_t page_walk_count(struct class_table *found, uintptr_t begin, uintptr_t end, size_t stride,
                         bool by_class, bool bytes);

#endif
