/* Heap census: counts (and bytes) of all objects by class and by T_ type, walked in slices of bounded length.
 *
 * Life of a census: begin → step … step (until it says it is done) → finish, or abandon at any time. Between two steps the
 * program may run, allocate, collect and compact: class words found so far are kept alive and in place. The functions
 * that say "GVL" must be called with it held, outside of hooks; none of them raises. A census has one owner at a time. */
#ifndef HEAP_PERISCOPE_HEAP_CENSUS_H
#define HEAP_PERISCOPE_HEAP_CENSUS_H

#include "heap/census_result.h"

#include <stdbool.h>
#include <stdint.h>

struct heap_census;

/* Once, from Init. GVL. */
void heap_census_init(void);

/* True where the VM hides its pages, and beside other Ractors where it hides its lock (vm.h). GVL. */
bool heap_census_refused_p(void);

/* `by_class` false counts T_ types and pools only. NULL when there is no memory, and where it is refused. GVL. */
struct heap_census *heap_census_begin(bool by_class, bool bytes);

/* Walks for about `slice_ns` (0: to the end) after a pending collection has been finished. True when the census is done,
 * the resolving of class names included. GVL. */
bool heap_census_step(struct heap_census *census, uint64_t slice_ns);

/* True when every page has been seen, and only names may be missing. Any thread that owns the census. */
bool heap_census_walked_p(const struct heap_census *census);

/* Share of the heap's pages walked so far, 0.0–1.0. Any thread that owns the census. */
double heap_census_progress(const struct heap_census *census);

/* Hands the findings over to `result` (which must be zeroed or freed) and ends the census. `complete` is false when it had
 * not come to its end. No GVL needed while the owner is the only one who touches it, except that it must not run during a
 * collection: call it with the GVL. Sorting and merging by name is left to `census_result_sort`. GVL. */
void heap_census_finish(struct heap_census *census, struct census_result *result);

/* Ends the census and forgets what it found. GVL. */
void heap_census_abandon(struct heap_census *census);

#ifdef HEAP_PERISCOPE_TESTING
/* Censuses begun and not ended. GVL. */
size_t heap_census_alive(void);
#endif

/* True while the collector has a mark or sweep pending, which a walk would have to finish first. GVL. */
bool heap_census_collection_pending(void);

/* Time a walk that reads nothing but the flags takes, the yardstick of the benchmark. Counts used slots; 0 where the VM hides its pages. GVL. */
uint64_t heap_census_bare_walk(void);

#endif
