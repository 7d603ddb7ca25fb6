/* Shares of allocations by class, site or span, estimated from windows, with their standard errors.
 *
 * A window is a cluster of objects; window i stands for the stretch of time it was drawn from, so what it saw is weighted by
 * h_i, the length of that stretch over the length of the window. The share of a group c is the ratio of two sums over all
 * windows, Σ h_i n_ci / Σ h_i n_i, and its variance is that of a combined ratio estimator over clusters (Cochran, Sampling
 * Techniques, 3rd ed., 6.3 and 9A): the windows differ from one another by what the program happens to do in them, so that the
 * number of objects seen says little about the error. Windows that saw nothing belong to the sample.
 *
 * Pure: no Ruby API, no allocation. Not locked; under the GVL in practice. */
#ifndef HEAP_PERISCOPE_SHARE_ESTIMATE_H
#define HEAP_PERISCOPE_SHARE_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

/* Of one group: Σ x, Σ x², Σ x·y over windows, where x = h n_c and y = h n. */
struct share_sums {
    double x, xx, xy;
};

/* Of all groups together. */
struct share_base {
    double y, yy;
    uint64_t windows;
    uint64_t allocated; /* objects the process allocated meanwhile, by GC.stat */
};

struct share_counter {
    struct share_sums total;    /* since sampling began */
    struct share_sums reported; /* the part of it that is in a report */
    double in_window;           /* of the window that is being added up */
};

struct share_estimate {
    double share, share_error; /* 0.0–1.0; the error is one standard error */
    double objects, objects_error;
};

/* Adds what the current window saw of a group, and begins the next one. `y` is the window's h n. */
static inline void share_counter_close(struct share_counter *counter, double y)
{
    double x = counter->in_window;
    counter->in_window = 0;
    counter->total.x += x;
    counter->total.xx += x * x;
    counter->total.xy += x * y;
}

static inline void share_base_close(struct share_base *base, double y)
{
    base->y += y;
    base->yy += y * y;
    base->windows++;
}

/* What came since the latest report. */
struct share_sums share_counter_since(const struct share_counter *counter);

struct share_base share_base_since(const struct share_base *total, const struct share_base *reported);

struct share_estimate share_estimate_of(const struct share_sums *sums, const struct share_base *base);

#endif
