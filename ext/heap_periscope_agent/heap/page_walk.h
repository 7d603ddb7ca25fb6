/* The innermost loop of a census: counts the slots of one heap page into a class table. GVL held, inside a heap walk: nothing is
 * allocated from Ruby, nothing of the program's is called. */
#ifndef HEAP_PERISCOPE_PAGE_WALK_H
#define HEAP_PERISCOPE_PAGE_WALK_H

#include "heap/class_table.h"
#include "heap/census_result.h"
#include "heap/heap_pages.h"

/* With sizes, objects of the old generation are kept apart: their type carries this mark. Types need five bits. */
#define PAGE_WALK_OLD HEAP_CENSUS_TYPES

/* Counts the objects of `page`; `bytes` needs `by_class`. `next` is the address where the walk will go on, or 0. Answers how many
 * slots are free. */
uint64_t page_walk_count(struct class_table *found, const struct heap_page_slots *page, uintptr_t next,
                         bool by_class, bool bytes);

#endif
