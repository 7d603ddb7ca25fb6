/* Heap pages that a census has yet to walk, as the VM listed them. Pure data structure, no Ruby API, own malloc. */
#ifndef HEAP_PERISCOPE_PAGE_LIST_H
#define HEAP_PERISCOPE_PAGE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listed_page {
    uintptr_t begin, end;
    size_t stride;
};

struct page_list {
    struct listed_page *pages;
    size_t capacity, count, next;
};

void page_list_free(struct page_list *list);

/* Empties the list and makes room for so many, or for none. False when there is no memory: it has no room then. */
bool page_list_renew(struct page_list *list, size_t capacity);

/* False when there is no room. */
bool page_list_add(struct page_list *list, uintptr_t begin, uintptr_t end, size_t stride);

/* In the order of `page_list_add`; NULL after the last. */
const struct listed_page *page_list_next(struct page_list *list);

#endif
