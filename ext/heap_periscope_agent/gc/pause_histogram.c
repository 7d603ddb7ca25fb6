#include "gc/pause_histogram.h"

#include "base/clock.h"

const double pause_bucket_bounds_ms[PAUSE_BUCKETS - 1] = {0.1, 0.2, 0.5, 1,   2,   5,   10,
                                                          20,  50,  100, 200, 500, 1000};

/* Values below 2^BITS have a bucket each; above, the highest BITS+1 bits name the bucket. */
static size_t fine_bucket(uint64_t value)
{
    if (value < (1u << PAUSE_FINE_BITS)) return (size_t)value;
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - PAUSE_FINE_BITS;
    size_t bucket =
        ((size_t)(shift + 1) << PAUSE_FINE_BITS) + (size_t)(value >> shift) - (1u << PAUSE_FINE_BITS);
    return bucket < PAUSE_FINE_BUCKETS ? bucket : PAUSE_FINE_BUCKETS - 1;
}

static uint64_t middle_of(size_t bucket)
{
    if (bucket < (1u << PAUSE_FINE_BITS)) return bucket;
    unsigned shift = (unsigned)(bucket >> PAUSE_FINE_BITS) - 1;
    uint64_t mantissa = (bucket & ((1u << PAUSE_FINE_BITS) - 1)) + (1u << PAUSE_FINE_BITS);
    return (mantissa << shift) + ((uint64_t)1 << shift) / 2;
}

void pause_histogram_add(struct pause_histogram *histogram, uint64_t pause_ns, bool major)
{
    size_t bucket = 0;
    while (bucket < PAUSE_BUCKETS - 1 && (double)pause_ns > pause_bucket_bounds_ms[bucket] * NS_PER_MS)
        bucket++;
    if (major)
        histogram->major[bucket]++;
    else
        histogram->minor[bucket]++;
    histogram->fine[fine_bucket(pause_ns)]++;
    histogram->count++;
    histogram->total_ns += pause_ns;
    if (pause_ns > histogram->max_ns) histogram->max_ns = pause_ns;
}

uint64_t pause_histogram_quantile(const struct pause_histogram *histogram, double quantile)
{
    if (!histogram->count) return 0;

    uint64_t rank = (uint64_t)(quantile * (double)histogram->count + 0.5), seen = 0;
    if (rank < 1) rank = 1;
    for (size_t i = 0; i < PAUSE_FINE_BUCKETS; i++) {
        seen += histogram->fine[i];
        if (seen < rank) continue;
        uint64_t middle = middle_of(i);
        return middle < histogram->max_ns ? middle : histogram->max_ns;
    }
    return histogram->max_ns;
}
