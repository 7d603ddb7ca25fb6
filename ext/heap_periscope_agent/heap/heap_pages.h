/* The pages of the heap as the VM last listed them: one list for every census of the process.
 *
 * Listing is what costs: it chases a pointer from page to page, 3 ms and more for 10 000 of them, while the VM tells by three counters
 * whether there is anything new to see. So the list outlives the census that asked for it. GVL in every function; none
 * raises or allocates from Ruby. */
#ifndef HEAP_PERISCOPE_HEAP_PAGES_H
#define HEAP_PERISCOPE_HEAP_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_page_slots {
    uintptr_t begin, end;
    size_t stride;
};

/* Once, from Init. */
void heap_pages_init(void);

/* Has the VM list its pages, which makes it finish a collection that is under way. False when there is no memory for the list: it is
 * empty then. What is listed may be walked until the GVL is given up or something is allocated, and longer while
 * `heap_pages_in_place`. */
bool heap_pages_list(void);

/* Number of the listing, from 1. A position in the list is of use only as long as this stays the same. */
uint64_t heap_pages_listing(void);

/* NULL past the end. */
const struct heap_page_slots *heap_pages_at(size_t position);

/* Whether every page listed still is one, with slots of the same size. Not asked while other Ractors run: they may collect. */
bool heap_pages_in_place(void);

/* Whether the heap has these pages and no other. */
bool heap_pages_complete(void);

size_t heap_pages_memory_bytes(void);

#endif
