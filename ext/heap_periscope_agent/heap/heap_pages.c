#include "heap/heap_pages.h"

#include "vm/vm.h"

#include <ruby/version.h>
#include <stdlib.h>

/* Pages that may appear between sizing the list and filling it. */
#define SPARE_PAGES 1024

/* A page keeps its address, its slots and their size until the VM frees it, up to Ruby 3.3; from 3.4 on an empty page may get
 * slots of another size, so there a list is good for one walk. */
#if RUBY_API_VERSION_CODE < 30400
#define PAGES_STAY 1
#else
#define PAGES_STAY 0
#endif

static struct {
    struct heap_page_slots *pages;
    size_t capacity, count;
    uint64_t listing;
    bool overflow;
    bool all; /* of the pages that the VM had, its empty ones included */
    uint64_t allocated, freed, compactions;
} list;

static VALUE pages_key, allocated_key, freed_key, compactions_key;

void heap_pages_init(void)
{
    pages_key = ID2SYM(rb_intern("heap_allocated_pages"));
    allocated_key = ID2SYM(rb_intern("total_allocated_pages"));
    freed_key = ID2SYM(rb_intern("total_freed_pages"));
    compactions_key = ID2SYM(rb_intern("compact_count"));
}

/* A list four times too long, of a heap that has shrunk, is given back. */
static bool make_room(size_t wanted)
{
    if (wanted <= list.capacity && list.capacity / 4 <= wanted) return true;

    free(list.pages);
    list.pages = malloc(wanted * sizeof *list.pages);
    list.capacity = list.pages ? wanted : 0;
    return list.pages;
}

static int note_page(void *begin, void *end, size_t stride, void *unused)
{
    (void)unused;
    if (list.count == list.capacity) {
        list.overflow = true;
        return 1;
    }
    list.pages[list.count++] = (struct heap_page_slots){(uintptr_t)begin, (uintptr_t)end, stride};
    return 0;
}

bool heap_pages_list(void)
{
    list.listing++;
    list.count = 0;
    list.overflow = list.all = false;
    if (!make_room(rb_gc_stat(pages_key) + SPARE_PAGES)) return false;

    vm.each_objects(note_page, NULL);
    if (list.overflow) {
        list.count = 0;
        return false;
    }
    if (!PAGES_STAY) return true;
    list.allocated = rb_gc_stat(allocated_key);
    list.freed = rb_gc_stat(freed_key);
    list.compactions = rb_gc_stat(compactions_key);
    /* An empty page is not listed, and may come into use again without being counted as a new one. */
    list.all = list.count == rb_gc_stat(pages_key);
    return true;
}

uint64_t heap_pages_listing(void)
{
    return list.listing;
}

const struct heap_page_slots *heap_pages_at(size_t position)
{
    return position < list.count ? &list.pages[position] : NULL;
}

/* After a compaction the VM has its pages in another order, and objects have moved to the first ones. */
bool heap_pages_in_place(void)
{
    return PAGES_STAY && list.count && rb_gc_stat(freed_key) == list.freed &&
           rb_gc_stat(compactions_key) == list.compactions;
}

bool heap_pages_complete(void)
{
    return heap_pages_in_place() && list.all && rb_gc_stat(allocated_key) == list.allocated;
}

size_t heap_pages_memory_bytes(void)
{
    return list.capacity * sizeof *list.pages;
}
