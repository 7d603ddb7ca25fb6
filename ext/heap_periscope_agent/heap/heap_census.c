#include "heap/heap_census.h"

#include "base/clock.h"
#include "heap/class_names.h"
#include "heap/class_table.h"
#include "heap/heap_pages.h"
#include "heap/page_set.h"
#include "heap/page_walk.h"
#include "vm/guarded_call.h"
#include "vm/ractor_watch.h"
#include "vm/vm.h"

#include <stdlib.h>
#include <string.h>

/* Pages that may appear between sizing the page set and walking. */
#define SPARE_PAGES 1024
/* Classes resolved between two looks at the clock. */
#define RESOLVE_BATCH 64

enum phase { WALKING, RESOLVING, DONE };

struct heap_census {
    struct heap_census *next; /* list of those alive, for the collector */
    enum phase phase;
    bool by_class, bytes, sliced, broken_off;
    struct class_table found;    /* by class word and type, as the walk sees it */
    struct class_names *classes; /* by real class, with names */
    size_t resolved;
    struct page_set visited;
    uint64_t listing; /* that `next_page` is a position in */
    size_t next_page;
    uint64_t pages_expected;
    uint64_t total_slots;
    struct heap_pool_count pools[HEAP_CENSUS_POOLS];
    size_t pool_count;
    uint64_t collections_at_begin, began_ns;
    struct census_cost cost;
    /* of the slice that is running */
    uint64_t started_ns, deadline_ns, slice_ns;
    bool stalled, stop, alone, walked;
};

static struct heap_census *alive;
static VALUE state_key, none_state, pages_key, anchor;

/* --- the collector's view ------------------------------------------------------------------------------------------------ */

static void mark_censuses(void *unused)
{
    (void)unused;
    for (struct heap_census *census = alive; census; census = census->next) {
        for (size_t i = 0; i < census->found.used; i++)
            if (census->found.entries[i].klass) rb_gc_mark((VALUE)census->found.entries[i].klass);
        if (census->classes) class_names_mark(census->classes);
    }
}

static size_t censuses_memsize(const void *unused)
{
    (void)unused;
    size_t size = heap_pages_memory_bytes();
    for (struct heap_census *census = alive; census; census = census->next)
        size += sizeof *census + class_table_memory_bytes(&census->found) +
                census->visited.size * sizeof *census->visited.slots;
    return size;
}

static const rb_data_type_t anchor_type = {
    .wrap_struct_name = "heap_periscope_agent/heap_census",
    .function = {.dmark = mark_censuses, .dsize = censuses_memsize},
};

void heap_census_init(void)
{
    heap_pages_init();
    state_key = ID2SYM(rb_intern("state"));
    none_state = ID2SYM(rb_intern("none"));
    pages_key = ID2SYM(rb_intern("heap_allocated_pages"));
    /* Not write-barrier protected: the collector looks at the tables afresh in every collection. */
    /* Class 0: no program can find and copy it. */
    anchor = TypedData_Wrap_Struct(0, &anchor_type, (void *)&alive);
    rb_gc_register_mark_object(anchor);
}

bool heap_census_collection_pending(void)
{
    return rb_gc_latest_gc_info(state_key) != none_state;
}

/* Another Ractor allocates while we walk, so a class word may be half written: then only flags are read. */
static bool other_ractors(void)
{
    return !ractor_watch_alone_p();
}

/* --- the walk ------------------------------------------------------------------------------------------------------------ */

static struct heap_pool_count *pool_of(struct heap_census *census, size_t stride)
{
    for (size_t i = 0; i < census->pool_count; i++)
        if (census->pools[i].slot_bytes == stride) return &census->pools[i];
    if (census->pool_count == HEAP_CENSUS_POOLS) return &census->pools[HEAP_CENSUS_POOLS - 1];
    struct heap_pool_count *pool = &census->pools[census->pool_count++];
    pool->slot_bytes = stride;
    return pool;
}

/* A collection that had to be finished first is no part of the slice. */
static void end_stall(struct heap_census *census)
{
    uint64_t now_ns = monotonic_ns(), stall = now_ns - census->started_ns;
    census->cost.stall_ns += stall;
    if (stall > census->cost.longest_stall_ns) census->cost.longest_stall_ns = stall;
    census->started_ns = now_ns;
    census->stalled = false;
}

/* What vm.each_objects would do itself, but then the list of pages would have to be made anew. */
static void finish_collection(struct heap_census *census)
{
    if (rb_gc_disable() == Qfalse) rb_gc_enable();
    end_stall(census);
}

/* Listing the heap's pages is a part of its slice as far as a quarter of that is left for walking. */
#define LONGEST 1.75
static void set_deadline(struct heap_census *census)
{
    uint64_t now_ns = monotonic_ns(), least_ns = now_ns + census->slice_ns / 4;
    uint64_t wanted_ns = now_ns + census->slice_ns;
    uint64_t latest_ns = census->started_ns + (uint64_t)(LONGEST * (double)census->slice_ns);
    census->deadline_ns = wanted_ns < latest_ns ? wanted_ns : latest_ns;
    if (census->deadline_ns < least_ns) census->deadline_ns = least_ns;
}

static void count_page(struct heap_census *census, const struct heap_page_slots *page, uintptr_t next)
{
    if (census->sliced && !page_set_add(&census->visited, page->begin)) return;
    uint64_t slots = (page->end - page->begin) / page->stride;
    uint64_t free_slots = page_walk_count(&census->found, page, next, census->by_class, census->bytes);
    struct heap_pool_count *pool = pool_of(census, page->stride);
    pool->pages++;
    pool->total_slots += slots;
    pool->live_slots += slots - free_slots;
    census->total_slots += slots;
    if (census->slice_ns && monotonic_ns() >= census->deadline_ns) census->stop = true;
}

/* What can be walked without asking the VM: where an earlier slice stood, or the whole list of an earlier census. */
static bool list_holds(const struct heap_census *census)
{
    if (heap_census_collection_pending()) return false; /* it would leave dead objects in place */
    bool standing = census->listing == heap_pages_listing() && heap_pages_at(census->next_page);
    return standing ? heap_pages_in_place() : heap_pages_complete();
}

/* True when there is no page left. */
static bool walk_list(struct heap_census *census, bool fresh)
{
    if (census->listing != heap_pages_listing()) {
        census->listing = heap_pages_listing();
        census->next_page = 0;
    }
    set_deadline(census);
    const struct heap_page_slots *page, *next = heap_pages_at(census->next_page);
    while ((page = next) && !census->stop) {
        next = heap_pages_at(++census->next_page);
        count_page(census, page, next ? next->begin : 0);
    }
    /* Pages may have come since it was made. */
    return !heap_pages_at(census->next_page) && (fresh || heap_pages_complete());
}

static int visit_page(void *begin, void *end, size_t stride, void *data)
{
    struct heap_census *census = data;
    if (census->stalled) end_stall(census);
    if (!census->deadline_ns) set_deadline(census);
    if (census->stop) return 1; /* ends one size pool, and the next one asks again */
    const struct heap_page_slots page = {(uintptr_t)begin, (uintptr_t)end, stride};
    count_page(census, &page, 0);
    return 0;
}

/* Beside other Ractors, and where there is no memory for a list. */
static bool walk_unlisted(struct heap_census *census)
{
    if (census->alone)
        vm.each_objects(visit_page, census);
    else
        vm_each_objects_locked(visit_page, census);
    return !census->stop;
}

static bool walk_pages(struct heap_census *census)
{
    if (census->alone && list_holds(census)) return walk_list(census, false);
    if (census->alone && heap_pages_list()) return walk_list(census, true);
    return walk_unlisted(census);
}

static VALUE walk_to_its_end(VALUE argument)
{
    struct heap_census *census = (struct heap_census *)argument;
    census->walked = walk_pages(census);
    return Qnil;
}

bool heap_census_refused_p(void)
{
    return !vm.each_objects || (other_ractors() && !vm_lockable_p());
}

struct heap_census *heap_census_begin(bool by_class, bool bytes)
{
    if (heap_census_refused_p()) return NULL;
    struct heap_census *census = calloc(1, sizeof *census);
    if (!census) return NULL;

    census->by_class = by_class && !other_ractors();
    census->bytes = bytes && census->by_class;
    census->classes = class_names_new();
    if (!census->classes) {
        free(census);
        return NULL;
    }
    class_table_init(&census->found);
    census->collections_at_begin = rb_gc_count();
    census->began_ns = monotonic_ns();
    census->next = alive;
    alive = census;
    return census;
}

static uint64_t pages_of_heap(void)
{
    return rb_gc_stat(pages_key);
}

/* One slice of walking. True when every page has been seen. */
static bool walk(struct heap_census *census, uint64_t slice_ns, uint64_t started_ns)
{
    census->sliced = census->sliced || slice_ns;
    uint64_t pages = pages_of_heap();
    if (pages > census->pages_expected) census->pages_expected = pages;
    if (heap_census_refused_p()) census->broken_off = true; /* a Ractor has started since the last slice */
    if (census->broken_off) return true;
    if (census->sliced && !page_set_reserve(&census->visited, pages + SPARE_PAGES)) {
        census->broken_off = true;
        return true;
    }
    census->alone = !other_ractors();
    if (!census->alone) census->by_class = census->bytes = false;

    census->started_ns = started_ns;
    census->slice_ns = slice_ns;
    census->deadline_ns = 0;
    census->stop = false;
    census->stalled = heap_census_collection_pending();
    /* Another Ractor may just be disabling the collector itself: there it is left to the walk. */
    if (census->stalled && census->alone) finish_collection(census);
    /* The VM raises NoMemoryError where it has no room for its list of pages. */
    if (!guarded_c_call(walk_to_its_end, (VALUE)census, NULL)) census->broken_off = true;
    class_table_flush(&census->found);

    uint64_t slice = monotonic_ns() - census->started_ns;
    census->cost.slices++;
    census->cost.gvl_ns += slice;
    if (slice > census->cost.longest_slice_ns) census->cost.longest_slice_ns = slice;
    return census->walked || census->broken_off;
}

/* --- names --------------------------------------------------------------------------------------------------------------- */

static VALUE resolve_some(VALUE argument)
{
    struct heap_census *census = (struct heap_census *)argument;
    size_t end = census->resolved + RESOLVE_BATCH;
    while (census->resolved < census->found.used && census->resolved < end) {
        const struct class_count *entry = &census->found.entries[census->resolved++];
        class_names_add(census->classes, (VALUE)entry->klass, entry->type & PAGE_WALK_OLD, entry->count,
                        entry->bytes);
    }
    return Qnil;
}

/* An entry whose name cannot be had (no memory) is left out, the walk goes on. */
static bool resolve(struct heap_census *census, uint64_t slice_ns, uint64_t started_ns)
{
    bool out_of_time = false;
    while (census->resolved < census->found.used && !out_of_time) {
        guarded_c_call(resolve_some, (VALUE)census, NULL);
        out_of_time = slice_ns && monotonic_ns() - started_ns >= slice_ns;
    }
    uint64_t slice = monotonic_ns() - started_ns;
    census->cost.slices++;
    census->cost.gvl_ns += slice;
    if (slice > census->cost.longest_slice_ns) census->cost.longest_slice_ns = slice;
    return census->resolved == census->found.used;
}

bool heap_census_step(struct heap_census *census, uint64_t slice_ns)
{
    uint64_t started_ns = monotonic_ns();
    if (census->phase == WALKING) {
        if (!walk(census, slice_ns, started_ns)) return false;
        census->cost.collections = rb_gc_count() - census->collections_at_begin;
        census->phase = census->by_class ? RESOLVING : DONE;
        if (slice_ns && monotonic_ns() - started_ns >= slice_ns) return census->phase == DONE;
        started_ns = monotonic_ns();
    }
    if (census->phase == RESOLVING && resolve(census, slice_ns, started_ns)) census->phase = DONE;
    return census->phase == DONE;
}

bool heap_census_walked_p(const struct heap_census *census)
{
    return census->phase != WALKING;
}

double heap_census_progress(const struct heap_census *census)
{
    if (census->phase != WALKING || !census->pages_expected) return census->phase == WALKING ? 0.0 : 1.0;
    double share = (double)census->visited.used / (double)census->pages_expected;
    return share < 1.0 ? share : 1.0;
}

/* --- the end ------------------------------------------------------------------------------------------------------------- */

static void release(struct heap_census *census)
{
    for (struct heap_census **link = &alive; *link; link = &(*link)->next) {
        if (*link != census) continue;
        *link = census->next;
        break;
    }
    class_names_free(census->classes);
    class_table_free(&census->found);
    page_set_free(&census->visited);
    free(census);
}

void heap_census_finish(struct heap_census *census, struct census_result *result)
{
    result->complete = census->phase == DONE && !census->found.unrecorded && !census->broken_off;
    result->by_class = census->by_class;
    result->total_slots = census->total_slots;
    for (size_t i = 0; i < census->found.used; i++) {
        result->types[census->found.entries[i].type & (HEAP_CENSUS_TYPES - 1)] +=
            census->found.entries[i].count;
        result->objects += census->found.entries[i].count;
    }
    memcpy(result->pools, census->pools, sizeof result->pools);
    result->pool_count = census->pool_count;
    if (census->by_class) class_names_take(census->classes, result);
    census->cost.wall_ns = monotonic_ns() - census->began_ns;
    result->cost = census->cost;
    release(census);
}

void heap_census_abandon(struct heap_census *census)
{
    release(census);
}

#ifdef HEAP_PERISCOPE_TESTING
size_t heap_census_alive(void)
{
    size_t count = 0;
    for (const struct heap_census *census = alive; census; census = census->next)
        count++;
    return count;
}
#endif

/* --- yardstick ----------------------------------------------------------------------------------------------------------- */

static int visit_flags(void *begin, void *end, size_t stride, void *data)
{
    uint64_t used = 0;
    for (uintptr_t slot = (uintptr_t)begin; slot < (uintptr_t)end; slot += stride)
        used += RBASIC((VALUE)slot)->flags != 0;
    *(uint64_t *)data += used;
    return 0;
}

uint64_t heap_census_bare_walk(void)
{
    uint64_t used = 0;
    if (vm.each_objects) vm.each_objects(visit_flags, &used);
    return used;
}
