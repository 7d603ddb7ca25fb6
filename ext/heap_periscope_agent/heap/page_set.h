/* Set of heap page addresses: the cursor of a census that is walked in slices. Pure data structure, no Ruby API, own malloc. */
#ifndef HEAP_PERISCOPE_PAGE_SET_H
#define HEAP_PERISCOPE_PAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_set {
    uintptr_t *slots; /* open addressing, 0 = free */
    size_t size, used;
};

void page_set_free(struct page_set *set);

/* Doubles the set when it is half full. Call between walks, so that `page_set_add` never allocates.
 * False when there is no memory. */
bool page_set_reserve(struct page_set *set, size_t more);

/* True when `page` was not in the set (or the set is full, so that the page is rather counted twice than lost). */
bool page_set_add(struct page_set *set, uintptr_t page);

#endif
