#include "heap/page_set.h"

#include <stdlib.h>

#define FIRST_SIZE 4096
/* Pages begin at multiples of at least 4 KB. */
#define PAGE_SHIFT 12

void page_set_free(struct page_set *set)
{
    free(set->slots);
    *set = (struct page_set){0};
}

static size_t first_slot(const struct page_set *set, uintptr_t page)
{
    return (size_t)(((uint64_t)(page >> PAGE_SHIFT) * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (set->size - 1);
}

bool page_set_reserve(struct page_set *set, size_t more)
{
    size_t size = set->size ? set->size : FIRST_SIZE;
    while (size < (set->used + more) * 2)
        size *= 2;
    if (size == set->size) return true;

    struct page_set larger = {.slots = calloc(size, sizeof *larger.slots), .size = size};
    if (!larger.slots) return false;
    for (size_t i = 0; i < set->size; i++)
        if (set->slots[i]) page_set_add(&larger, set->slots[i]);
    page_set_free(set);
    *set = larger;
    return true;
}

bool page_set_add(struct page_set *set, uintptr_t page)
{
    if (set->used >= set->size - set->size / 4) return true;

    size_t slot = first_slot(set, page);
    while (set->slots[slot]) {
        if (set->slots[slot] == page) return false;
        slot = (slot + 1) & (set->size - 1);
    }
    set->slots[slot] = page;
    set->used++;
    return true;
}
