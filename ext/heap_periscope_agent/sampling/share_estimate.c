#include "sampling/share_estimate.h"

#include <math.h>

struct share_sums share_counter_since(const struct share_counter *counter)
{
    return (struct share_sums){.x = counter->total.x - counter->reported.x,
                               .xx = counter->total.xx - counter->reported.xx,
                               .xy = counter->total.xy - counter->reported.xy};
}

struct share_base share_base_since(const struct share_base *total, const struct share_base *reported)
{
    return (struct share_base){.y = total->y - reported->y,
                               .yy = total->yy - reported->yy,
                               .windows = total->windows - reported->windows,
                               .allocated = total->allocated - reported->allocated};
}

/* What no number of windows takes away, for a share of r: this much of r (1 - r). A window makes the program slower where it
 * allocates much, which is made up for by what the hook takes on average, and the lengths of windows by a clock. */
#define SYSTEMATIC 0.01

/* Few windows tell their own spread badly. Factor from the quantile of the normal distribution to that of Student's, at 95 %
 * (Abramowitz and Stegun 26.7.5, first two terms). */
static double small_sample_factor(double degrees)
{
    const double z2 = 1.96 * 1.96;
    return 1.0 + (z2 + 1.0) / (4.0 * degrees) + ((5.0 * z2 + 16.0) * z2 + 3.0) / (96.0 * degrees * degrees);
}

/* How many windows carry the sum: those that are nearly empty add nothing to what is known of the spread. */
static double effective_windows(const struct share_base *base)
{
    return base->yy > 0 ? base->y * base->y / base->yy : 0;
}

struct share_estimate share_estimate_of(const struct share_sums *sums, const struct share_base *base)
{
    struct share_estimate estimate = {0};
    if (base->y <= 0 || !base->windows) return estimate;

    double windows = effective_windows(base);
    estimate.share = sums->x / base->y;
    if (estimate.share > 1.0) estimate.share = 1.0;
    if (estimate.share < 0.0) estimate.share = 0.0; /* rounding, of differences of large sums */
    if (windows < 2.0) {
        estimate.share_error = 1.0;
    } else {
        double r = estimate.share;
        double squares = sums->xx - 2.0 * r * sums->xy + r * r * base->yy;
        if (squares < 0) squares = 0;
        double random_error =
            sqrt(squares * windows / (windows - 1.0)) / base->y * small_sample_factor(windows - 1.0);
        estimate.share_error = hypot(random_error, SYSTEMATIC * r * (1.0 - r));
        if (estimate.share_error > 1.0) estimate.share_error = 1.0;
    }
    estimate.objects = estimate.share * (double)base->allocated;
    estimate.objects_error = estimate.share_error * (double)base->allocated;
    return estimate;
}
