#include "page_list.h"

#include <stdlib.h>

void page_list_free(struct page_list *list)
{
    free(list->pages);
    *list = (struct page_list){0};
}

bool page_list_renew(struct page_list *list, size_t capacity)
{
    list->count = list->next = 0;
    if (capacity && capacity <= list->capacity) return true;

    page_list_free(list);
    if (!capacity) return true;
    list->pages = malloc(capacity * sizeof *list->pages);
    if (list->pages) list->capacity = capacity;
    return list->pages;
}

bool page_list_add(struct page_list *list, uintptr_t begin, uintptr_t end, size_t stride)
{
    if (list->count == list->capacity) return false;
    list->pages[list->count++] = (struct listed_page){begin, end, stride};
    return true;
}

const struct listed_page *page_list_next(struct page_list *list)
{
    return list->next < list->count ? &list->pages[list->next++] : NULL;
}
