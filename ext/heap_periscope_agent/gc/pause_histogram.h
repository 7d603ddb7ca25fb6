/* Lengths of GC pauses. Pure data structure of fixed size; adding is safe inside a hook. No Ruby API, no lock. */
#ifndef HEAP_PERISCOPE_PAUSE_HISTOGRAM_H
#define HEAP_PERISCOPE_PAUSE_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Coarse buckets a person reads: upper bounds 0.1 ms … 1 s in steps of 1-2-5, and one without a bound. */
#define PAUSE_BUCKETS 14
extern const double pause_bucket_bounds_ms[PAUSE_BUCKETS - 1];

/* Fine buckets for percentiles: eight in each power of two, so a value is known within 1/16. */
#define PAUSE_FINE_BITS    3
#define PAUSE_FINE_BUCKETS ((40 - PAUSE_FINE_BITS + 1) << PAUSE_FINE_BITS)

struct pause_histogram {
    uint64_t count, total_ns, max_ns;
    uint32_t minor[PAUSE_BUCKETS], major[PAUSE_BUCKETS];
    uint32_t fine[PAUSE_FINE_BUCKETS];
};

void pause_histogram_add(struct pause_histogram *histogram, uint64_t pause_ns, bool major);

/* Length below which the share `quantile` (0.0–1.0) of the pauses lies, in ns, within 7 %; 0 when empty. */
uint64_t pause_histogram_quantile(const struct pause_histogram *histogram, double quantile);

#endif
