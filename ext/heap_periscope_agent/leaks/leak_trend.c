#include "leaks/leak_trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_HOUR 3.6e12
#define Z_95        1.959964
/* What the row may rise above its base without having left it, as a share of the growth. */
#define BASE_TOLERANCE 0.05
/* A rise of this share of the growth that came and went before makes the growth nothing new. */
#define REPEAT_SHARE 0.5
/* From here on the rest is not worth its time: nothing could be said. */
#define HOPELESS_P 0.2
#define PARTS      8
/* A level that far above one that comes later, as a share of the growth, was not there to stay: old garbage, or much in use at a
 * time. Such an observation tells nothing of what lies beneath. A collection in the middle of a request makes old what the
 * request holds, all at once, so levels jump by as much between two full collections. Of a leak that grows by 3/10 of such a
 * jump between observations, a limit of 0.5 took half of these for its own; below 0.15 hardly more are found out. */
#define PASSING_SHARE 0.15
/* A row that moves by no more than this share of its level stands still. */
#define STILL_SHARE 0.01
#define PAIRS_MAX   (LEAK_TREND_MAX * (LEAK_TREND_MAX - 1) / 2)

struct row {
    const struct leak_moment *moments;
    const uint64_t *values, *beside;
    size_t length;
    double floor_above[LEAK_TREND_MAX]; /* at each place, the lowest value from there on */
};

static double normal_tail(double z)
{
    return 0.5 * erfc(z / M_SQRT2);
}

/* --- the part that grows --------------------------------------------------------------------------------------------------- */

static void draw_envelope(struct row *row)
{
    double lowest = INFINITY;
    for (size_t i = row->length; i-- > 0;) {
        if ((double)row->values[i] < lowest) lowest = (double)row->values[i];
        row->floor_above[i] = lowest;
    }
}

/* Up to the last but one: the last value has nothing after it that could show whether it stays. */
static double growth_from(const struct row *row, size_t first)
{
    return row->floor_above[row->length - 2] - row->floor_above[first];
}

static size_t base_end(const struct row *row, size_t begin)
{
    double limit = row->floor_above[begin] + BASE_TOLERANCE * growth_from(row, begin);
    size_t last = begin;
    for (size_t i = begin; i < row->length && row->floor_above[i] <= limit; i++)
        last = i;
    return last;
}

/* Whether the row rose as much before `first`, and came back, in a stretch that the growth has not outlasted by far. */
static bool came_before(const struct row *row, size_t first, double growth)
{
    size_t lowest = 0, longest = 0;
    for (size_t i = 1; i < first; i++) {
        if (row->values[i] <= row->values[lowest]) lowest = i;
        double rise = (double)row->values[i] - (double)row->values[lowest];
        double kept = row->floor_above[first] - (double)row->values[lowest];
        if (rise - (kept > 0 ? kept : 0) >= REPEAT_SHARE * growth && i - lowest > longest)
            longest = i - lowest;
    }
    return longest && row->length - first <= 2 * longest + 2;
}

/* --- Mann–Kendall ----------------------------------------------------------------------------------------------------------- */

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median_of(double *sorted, size_t length)
{
    return length % 2 ? sorted[length / 2] : (sorted[length / 2 - 1] + sorted[length / 2]) / 2;
}

static double variance_of_s(const uint64_t *values, size_t n)
{
    double sorted[LEAK_TREND_MAX], variance = (double)n * (double)(n - 1) * (double)(2 * n + 5);
    for (size_t i = 0; i < n; i++)
        sorted[i] = (double)values[i];
    qsort(sorted, n, sizeof *sorted, compare_doubles);
    for (size_t i = 0; i < n;) {
        size_t ties = 1;
        while (i + ties < n && sorted[i + ties] == sorted[i])
            ties++;
        variance -= (double)ties * (double)(ties - 1) * (double)(2 * ties + 5);
        i += ties;
    }
    return variance / 18.0;
}

static double mann_kendall_p(const uint64_t *values, size_t n)
{
    double variance = variance_of_s(values, n);
    long s = 0;
    for (size_t i = 0; i + 1 < n; i++)
        for (size_t j = i + 1; j < n; j++)
            s += (values[j] > values[i]) - (values[j] < values[i]);
    if (s <= 0 || variance <= 0) return 1.0;
    return normal_tail(((double)s - 1.0) / sqrt(variance));
}

/* --- Theil–Sen -------------------------------------------------------------------------------------------------------------- */

struct slope {
    double middle, low, high;
};

/* Slopes over `x`, with the 95 % interval that the variance of Mann–Kendall's S gives (R. O. Gilbert, Statistical Methods for
 * Environmental Pollution Monitoring, 1987, 16.4.2). */
static struct slope theil_sen(const double *x, const uint64_t *values, size_t n, double variance)
{
    double slopes[PAIRS_MAX];
    size_t count = 0;
    for (size_t i = 0; i + 1 < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (x[j] > x[i]) slopes[count++] = ((double)values[j] - (double)values[i]) / (x[j] - x[i]);
    if (!count) return (struct slope){0};
    qsort(slopes, count, sizeof *slopes, compare_doubles);

    double margin = Z_95 * sqrt(variance > 0 ? variance : 0);
    double low = ((double)count - margin) / 2 - 1, high = ((double)count + margin) / 2;
    return (struct slope){
        .middle = median_of(slopes, count),
        .low = slopes[low > 0 ? (size_t)low : 0],
        .high = slopes[high < (double)(count - 1) ? (size_t)ceil(high) : count - 1],
    };
}

/* --- the slope against its noise --------------------------------------------------------------------------------------------- */

static void rank(const double *values, size_t n, double *ranks)
{
    for (size_t i = 0; i < n; i++) {
        ranks[i] = 0;
        for (size_t j = 0; j < n; j++)
            ranks[i] += (values[j] < values[i]) + 0.5 * (values[j] == values[i]);
    }
}

/* n/n* of Hamed and Rao: by how much autocorrelation of the noise swells the variance. Never below 1. */
static double autocorrelation_factor(const double *noise, size_t n)
{
    double ranks[LEAK_TREND_MAX], mean = (double)n / 2, power = 0, sum = 0;
    rank(noise, n, ranks);
    for (size_t i = 0; i < n; i++)
        power += (ranks[i] - mean) * (ranks[i] - mean);
    if (power <= 0) return 1.0;
    for (size_t lag = 1; lag + 2 < n; lag++) {
        double product = 0;
        for (size_t i = 0; i + lag < n; i++)
            product += (ranks[i] - mean) * (ranks[i + lag] - mean);
        double correlation = product / power;
        if (fabs(correlation) < Z_95 / sqrt((double)n)) continue;
        sum += (double)(n - lag) * (double)(n - lag - 1) * (double)(n - lag - 2) * correlation;
    }
    double factor = 1.0 + 2.0 * sum / ((double)n * (double)(n - 1) * (double)(n - 2));
    return factor > 1.0 ? factor : 1.0;
}

/* p of the slope against its noise, and the standard deviation of that noise. */
static double slope_p(const double *x, const uint64_t *values, size_t n, double slope, double *deviation)
{
    double noise[LEAK_TREND_MAX], sorted[LEAK_TREND_MAX], mean = 0, spread = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        noise[i] = sorted[i] = (double)values[i] - slope * x[i];
        mean += x[i] / (double)n;
    }
    qsort(sorted, n, sizeof *sorted, compare_doubles);
    double middle = median_of(sorted, n);
    for (size_t i = 0; i < n; i++) {
        squares += (noise[i] - middle) * (noise[i] - middle);
        spread += (x[i] - mean) * (x[i] - mean);
    }
    double sigma = *deviation = sqrt(squares / (double)(n - 2));
    if (slope <= 0 || spread <= 0) return 1.0;
    if (sigma <= 0) return 0.0;
    return normal_tail(slope / (sigma * sqrt(autocorrelation_factor(noise, n) / spread)));
}

/* --- shape ------------------------------------------------------------------------------------------------------------------- */

/* Level of the envelope when the program had allocated `x` since the part began. */
static double level_at(const double *levels, const double *x, size_t n, double at)
{
    size_t i = 1;
    while (i + 1 < n && x[i] < at)
        i++;
    double span = x[i] - x[i - 1];
    double share = span > 0 ? (at - x[i - 1]) / span : 1.0;
    return levels[i - 1] + (share < 1 ? share : 1.0) * (levels[i] - levels[i - 1]);
}

static void judge_shape(const double *levels, const double *x, size_t n, struct leak_trend *trend)
{
    double end = x[n - 1], growth = levels[n - 1] - levels[0], largest = 0;
    for (size_t i = 1; i < n; i++) {
        double step = (levels[i] - levels[i - 1]) / growth - (end > 0 ? (x[i] - x[i - 1]) / end : 0);
        if (step > largest) largest = step;
    }
    size_t rising = 0;
    for (size_t i = 0; i < PARTS; i++)
        rising += level_at(levels, x, n, end * (double)(i + 1) / PARTS) >
                  level_at(levels, x, n, end * (double)i / PARTS);
    trend->late_share = (levels[n - 1] - level_at(levels, x, n, end * 0.5)) / growth;
    trend->last_share = (levels[n - 1] - level_at(levels, x, n, end * 0.75)) / growth;
    trend->largest_step = largest;
    trend->rising_share = (double)rising / PARTS;
}

/* Whether a row rose at `i` by more than the allocations since the observation before explain. */
static bool jumped(const struct row *part, const uint64_t *values, size_t i)
{
    const struct leak_moment *moments = part->moments;
    double least = INFINITY, most = 0;
    for (size_t k = 0; k < part->length; k++) {
        if ((double)values[k] < least) least = (double)values[k];
        if ((double)values[k] > most) most = (double)values[k];
    }
    double range = most - least, all = (double)(moments[part->length - 1].allocated - moments[0].allocated);
    double explained = all > 0 ? (double)(moments[i].allocated - moments[i - 1].allocated) / all : 1.0;
    return range > STILL_SHARE * most &&
           (double)values[i] - (double)values[i - 1] > (PASSING_SHARE + explained) * range;
}

/* Garbage among old objects goes with a full collection; what is there after one was in use. But one in the midst of a request can
 * make as much old as it clears, which shows as a jump of the numbers or of the bytes: that one tells nothing. What comes to rest
 * can look steady for the garbage that goes on growing on top of it, hence the shape of what is confirmed alone. */
static void judge_confirmation(const struct row *part, const double *x, struct leak_trend *trend)
{
    for (size_t i = 1; i < part->length; i++) {
        if (part->moments[i].majors == part->moments[i - 1].majors) continue;
        if (jumped(part, part->values, i) || jumped(part, part->beside, i)) continue;
        trend->confirmations++;
        trend->confirmed_length = i;
    }
    size_t last = trend->confirmed_length;
    if (!last) return;
    trend->confirmed_growth = part->floor_above[last] - part->floor_above[0];
    if (trend->confirmed_growth <= 0) return;
    double half = level_at(part->floor_above, x, last + 1, x[last] * 0.5);
    trend->confirmed_late_share = (part->floor_above[last] - half) / trend->confirmed_growth;
}

/* --- all together -------------------------------------------------------------------------------------------------------------- */

/* The slope is that of what counts. That it grows at all was asked of every observation: which ones do not count is no chance, and
 * the rest of a row of noise rises. */
static void test_growing_part(const struct row *part, struct leak_trend *trend)
{
    size_t n = part->length;
    double work[LEAK_TREND_MAX];
    for (size_t i = 0; i < n; i++)
        work[i] = (double)(part->moments[i].allocated - part->moments[0].allocated);
    double variance = variance_of_s(part->values, n);
    double steep =
        slope_p(work, part->values, n, theil_sen(work, part->values, n, variance).middle, &trend->noise);
    if (steep > trend->p) trend->p = steep;
    trend->noise /= trend->growth;
    judge_shape(part->floor_above, work, n - 1, trend);
    judge_confirmation(part, work, trend);
}

struct kept {
    struct leak_moment moments[LEAK_TREND_MAX];
    uint64_t values[LEAK_TREND_MAX], beside[LEAK_TREND_MAX];
};

/* By how much the row may stand above its envelope at `i` and count. After the last observation nothing comes that could show
 * what was passing: it may stand above the one before by what the allocations between them explain, besides. */
static bool lasting_p(const struct row *row, size_t i, const struct leak_trend *trend)
{
    double level = row->floor_above[i], explained = 0;
    if (i + 1 == row->length) {
        const struct leak_moment *moments = row->moments;
        double before = (double)(moments[i - 1].allocated - moments[trend->first].allocated);
        double between = (double)(moments[i].allocated - moments[i - 1].allocated);
        level = row->floor_above[i - 1];
        explained = before > 0 ? between / before : 1.0;
    }
    return (double)row->values[i] - level <= (PASSING_SHARE + explained) * trend->growth;
}

/* Copies what counts of the growing part. */
static struct row keep_lasting(const struct row *row, struct leak_trend *trend, struct kept *kept)
{
    struct row part = {.moments = kept->moments, .values = kept->values, .beside = kept->beside};
    for (size_t i = trend->first; i < row->length; i++) {
        if (!lasting_p(row, i, trend)) continue;
        trend->kept |= UINT64_C(1) << (i - trend->first);
        kept->moments[part.length] = row->moments[i];
        kept->values[part.length] = row->values[i];
        kept->beside[part.length] = row->beside[i];
        part.floor_above[part.length++] = row->floor_above[i];
    }
    return part;
}

void leak_trend_slope(const struct leak_moment *moments, const uint64_t *values, size_t length, uint64_t kept,
                      double *per_hour, double *per_hour_error)
{
    double hours[LEAK_TREND_MAX];
    uint64_t counted[LEAK_TREND_MAX];
    size_t n = 0;
    for (size_t i = 0; i < length && i < LEAK_TREND_MAX; i++) {
        if (!(kept >> i & 1)) continue;
        hours[n] = (double)(moments[i].at_ns - moments[0].at_ns) / NS_PER_HOUR;
        counted[n++] = values[i];
    }
    struct slope slope = theil_sen(hours, counted, n, variance_of_s(counted, n));
    *per_hour = slope.middle;
    *per_hour_error = (slope.high - slope.low) / 2;
}

bool leak_trend_test(const struct leak_moment *moments, const uint64_t *values, const uint64_t *beside,
                     size_t length, size_t window, double floor, struct leak_trend *trend)
{
    struct row row = {.moments = moments, .values = values, .beside = beside, .length = length};
    struct kept kept;
    *trend = (struct leak_trend){.p = 1.0};
    if (length < LEAK_TREND_MIN || length > LEAK_TREND_MAX) return false;

    draw_envelope(&row);
    trend->first = base_end(&row, window < length ? length - window : 0);
    if (length - trend->first < LEAK_TREND_MIN) return false;
    trend->growth = growth_from(&row, trend->first);
    if (trend->growth < floor || trend->growth <= 0) return false;
    trend->repeats = came_before(&row, trend->first, trend->growth);
    struct row part = keep_lasting(&row, trend, &kept);
    trend->length = part.length;
    if (part.length < LEAK_TREND_MIN || 2 * part.length < length - trend->first) return false;
    trend->p = mann_kendall_p(values + trend->first, length - trend->first);
    if (trend->p <= HOPELESS_P) test_growing_part(&part, trend);
    return true;
}
