/* Does a row of observations grow the way a leak does? Statistics on plain numbers: no Ruby API, no memory of its own, any thread.
 *
 * The question is asked of the part of the row that grows: from the last time the level was at its base until now. The tests
 * are Mann–Kendall for monotone growth (H. B. Mann, Econometrica 13, 1945; variance with ties after M. G. Kendall, Rank
 * Correlation Methods, 1975), and the Theil–Sen slope (P. K. Sen, J. Am. Stat. Assoc. 63, 1968) against the noise that is
 * left around it, whose autocorrelation enters with the effective sample size of K. H. Hamed and A. R. Rao, J. Hydrology
 * 204, 1998. `p` is the larger of the two.
 *
 * What grows and comes to rest, or falls back, is told from a leak by shape, and shape is judged over the objects the
 * program allocated meanwhile instead of over time: a leak keeps its pace by work done, whatever the load is. */
#ifndef HEAP_PERISCOPE_LEAK_TREND_H
#define HEAP_PERISCOPE_LEAK_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest row that can be tested. */
#define LEAK_TREND_MAX 64
/* Fewer observations of growth than this say nothing. */
#define LEAK_TREND_MIN 7

struct leak_moment {
    uint64_t at_ns;       /* monotonic */
    uint64_t realtime_ns; /* since the epoch */
    uint64_t allocated;   /* objects the program ever allocated */
    uint64_t majors;      /* full collections so far */
};

struct leak_trend {
    size_t first;      /* where the part that grows begins, in the row as it was given; it goes to the end */
    size_t length;     /* observations of it that count */
    uint64_t kept;     /* which: bit i stands for the one at first + i */
    double growth;     /* over that part, of the level it never fell below again */
    double p;          /* one-sided, of "this does not grow" */
    double late_share; /* of the growth, in the later half of the allocations; steady: 0.5 */
    double last_share; /* the same for their last quarter; steady: 0.25 */
    double
        largest_step; /* of the growth, between two observations, beyond what the allocations between them explain */
    double rising_share; /* of eight equal parts of the allocations, those that brought growth that stayed */
    double noise;        /* standard deviation around the slope, as a share of the growth */
    bool repeats;        /* as large a rise came before, and went */
    double confirmed_growth;     /* growth that a full collection left standing without a jump */
    size_t confirmed_length;     /* observations of growth before the latest such collection */
    double confirmed_late_share; /* of that growth, in the later half of its allocations; steady: 0.5 */
    size_t confirmations;        /* observations of growth with such a collection since the one before */
};

/* Looks for growth of `values` among the last `window` of `length` observations; what was before counts for `repeats` only. `beside`
 * are the bytes of the same class where `values` are numbers, and the other way round. False when there
 * are too few, or growth is less than `floor`; then `p` is 1 and the rest is not set. Where Mann–Kendall finds no growth the
 * shape is left at zero. */
bool leak_trend_test(const struct leak_moment *moments, const uint64_t *values, const uint64_t *beside,
                     size_t length, size_t window, double floor, struct leak_trend *trend);

/* The slope of a row over time, whatever its shape, by the observations of it that are `kept` (as above), and half the width of its
 * 95 % confidence interval. */
void leak_trend_slope(const struct leak_moment *moments, const uint64_t *values, size_t length, uint64_t kept,
                      double *per_hour, double *per_hour_error);

#endif
