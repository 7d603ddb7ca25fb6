#include "leaks/leak_detector.h"

#include <stdlib.h>
#include <string.h>

/* Growth below this is not worth a word: every program learns something new all the time. */
#define LEAST_OBJECTS 100.0
#define LEAST_BYTES   65536.0

/* Growth is looked for in all of the history, and in its latest observations alone: what began after a warm-up, or became steeper,
 * would be hidden by what was before. */
#define WINDOWS 3
static const size_t windows[WINDOWS] = {LEAK_MOMENTS, 32, 16};

/* Observations for which a suspect stays one that no test finds any more; by then garbage of one full collection has gone with the
 * next, where they come as often. */
#define UNSEEN_MAX 3
/* A suspect that lost this share of its growth was none. */
#define LOST_SHARE 0.5

/* A class the VM does not name holds nothing that a program could find. */
#define UNNAMED "(internal)"

struct level {
    size_t length, confirmed_length, confirmations;
    double p, noise, late_share, last_share, largest_step, rising_share, confirmed_share,
        confirmed_late_share;
};

/* What each level of confidence takes at least (of p, noise and step: at most).
 * Shares: steady growth has a late share of 0.5 and a last share of 0.25; what comes to rest exponentially passes only while
 * the observations are short against its pace. Noise: a random walk, the likeliest innocent that rises for long, strays
 * farther from its line: of 200 simulated ones, tested at each of 180 steps, one ever came below 0.05. */
static const struct level levels[] = {
    [LEAK_LOW] = {.length = 7,
                  .p = 0.05,
                  .noise = 0.15,
                  .late_share = 0.36,
                  .last_share = 0.12,
                  .largest_step = 0.4,
                  .rising_share = 0.6},
    [LEAK_MEDIUM] = {.length = 12,
                     .p = 0.01,
                     .noise = 0.05,
                     .late_share = 0.45,
                     .last_share = 0.19,
                     .largest_step = 0.25,
                     .rising_share = 0.75,
                     .confirmed_length = 8,
                     .confirmations = 2,
                     .confirmed_share = 0.3,
                     .confirmed_late_share = 0.42},
    [LEAK_HIGH] = {.length = 20,
                   .p = 0.001,
                   .noise = 0.05,
                   .late_share = 0.45,
                   .last_share = 0.19,
                   .largest_step = 0.2,
                   .rising_share = 0.75,
                   .confirmed_length = 10,
                   .confirmations = 2,
                   .confirmed_share = 0.3,
                   .confirmed_late_share = 0.42},
};

struct test {
    size_t class;
    bool of_bytes;
    struct leak_trend trend;
    double p; /* adjusted */
};

/* --- tests ------------------------------------------------------------------------------------------------------------------ */

static bool moved(const uint64_t *values, size_t length, double floor)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < length; i++) {
        if (values[i] < least) least = values[i];
        if (values[i] > most) most = values[i];
    }
    return length && (double)(most - least) >= floor;
}

/* A row that never moved by as much as would matter is not tested, and does not count as a test: how far a row moves says
 * nothing about the order of its values (R. Bourgon et al., PNAS 107, 2010, on filtering before multiple tests). */
static void test_row(struct leak_detector *detector, size_t class, bool of_bytes, struct test **tests)
{
    const struct leak_history *history = &detector->history;
    const struct leak_class *row = history->classes[class];
    size_t from = row->known_from, length = history->length - from;
    const uint64_t *values = (of_bytes ? row->bytes : row->counts) + from;
    const uint64_t *beside = (of_bytes ? row->counts : row->bytes) + from;
    double floor = of_bytes ? LEAST_BYTES : LEAST_OBJECTS;
    if (length < LEAK_TREND_MIN || !moved(values, length, floor)) return;

    for (size_t i = 0; i < WINDOWS; i++) {
        if (i > 0 && length <= windows[i]) return;
        struct test *test = (*tests)++;
        *test = (struct test){.class = class, .of_bytes = of_bytes};
        leak_trend_test(history->moments + from, values, beside, length, windows[i], floor, &test->trend);
        test->trend.first += from;
        test->p = test->trend.p;
    }
}

static int by_p(const void *left, const void *right)
{
    double a = ((const struct test *)left)->p, b = ((const struct test *)right)->p;
    return a < b ? -1 : a > b;
}

/* False discovery rate (Y. Benjamini and Y. Hochberg, J. R. Stat. Soc. B 57, 1995). */
static void adjust(struct test *tests, size_t count)
{
    qsort(tests, count, sizeof *tests, by_p);
    double least = 1.0;
    for (size_t i = count; i-- > 0;) {
        double p = tests[i].p * (double)count / (double)(i + 1);
        if (p < least) least = p;
        tests[i].p = least;
    }
}

/* --- judgement ---------------------------------------------------------------------------------------------------------------- */

static bool reaches(const struct test *test, const struct level *level, double floor)
{
    const struct leak_trend *trend = &test->trend;
    if (test->p > level->p || trend->noise > level->noise || trend->length < level->length) return false;
    if (trend->late_share < level->late_share || trend->last_share < level->last_share) return false;
    if (trend->largest_step > level->largest_step || trend->rising_share < level->rising_share) return false;
    if (!level->confirmations) return true;
    return trend->confirmations >= level->confirmations &&
           trend->confirmed_length >= level->confirmed_length && trend->confirmed_growth >= floor &&
           trend->confirmed_growth >= level->confirmed_share * trend->growth &&
           trend->confirmed_late_share >= level->confirmed_late_share;
}

static enum leak_confidence confidence_of(const struct test *test, const struct leak_class *class)
{
    double floor = test->of_bytes ? LEAST_BYTES : LEAST_OBJECTS;
    enum leak_confidence confidence = LEAK_NONE;
    if (test->trend.repeats) return LEAK_NONE;
    while (confidence < LEAK_HIGH && reaches(test, &levels[confidence + 1], floor))
        confidence++;
    return confidence > LEAK_LOW && strcmp(class->name, UNNAMED) == 0 ? LEAK_LOW : confidence;
}

static struct leak_finding *finding_of(struct leak_detector *detector, size_t class)
{
    for (size_t i = 0; i < detector->finding_count; i++)
        if (detector->findings[i].position == class) return &detector->findings[i];
    if (detector->finding_count == LEAK_SUSPECTS_MAX) return NULL;
    struct leak_finding *finding = &detector->findings[detector->finding_count++];
    *finding = (struct leak_finding){.position = class};
    return finding;
}

static void describe(const struct leak_history *history, const struct test *test,
                     struct leak_finding *finding)
{
    const struct leak_class *class = history->classes[test->class];
    const struct leak_moment *moments = history->moments + test->trend.first;
    size_t first = test->trend.first, length = history->length - first;
    finding->class = class;
    finding->by_bytes = test->of_bytes;
    finding->since = moments[0];
    finding->settled_ns = moments[length - 2].at_ns;
    finding->observations = test->trend.length;
    finding->base = (double)(test->of_bytes ? class->bytes : class->counts)[first];
    finding->growth = test->trend.growth;
    finding->p = test->p;
    finding->count = class->total_count;
    finding->bytes = class->total_bytes;
    leak_trend_slope(moments, class->counts + first, length, test->trend.kept, &finding->objects_per_hour,
                     &finding->objects_per_hour_error);
    leak_trend_slope(moments, class->bytes + first, length, test->trend.kept, &finding->bytes_per_hour,
                     &finding->bytes_per_hour_error);
}

/* A class found more than once is told by the surest test, then by its number of objects, then by the longest growth. */
static bool tells_more(const struct test *test, enum leak_confidence confidence,
                       const struct leak_finding *finding)
{
    if (confidence != finding->confidence) return confidence > finding->confidence;
    if (test->of_bytes != finding->by_bytes) return finding->by_bytes;
    return test->trend.length > finding->observations;
}

static void judge(struct leak_detector *detector, const struct test *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum leak_confidence confidence = confidence_of(&tests[i], detector->history.classes[tests[i].class]);
        if (confidence == LEAK_NONE) continue;
        struct leak_finding *finding = finding_of(detector, tests[i].class);
        if (!finding || !tells_more(&tests[i], confidence, finding)) continue;
        finding->confidence = confidence;
        describe(&detector->history, &tests[i], finding);
    }
}

/* Whether the growth of a finding of the observation before is still there, if no longer so clearly. */
static bool still_there(const struct leak_history *history, const struct leak_finding *finding)
{
    const struct leak_class *class = history->classes[finding->position];
    const uint64_t *values = finding->by_bytes ? class->bytes : class->counts;
    double level = (double)values[history->length - 1];
    return finding->unseen < UNSEEN_MAX && level >= finding->base + (1 - LOST_SHARE) * finding->growth;
}

static void keep(struct leak_detector *detector, const struct leak_finding *before, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!still_there(&detector->history, &before[i])) continue;
        struct leak_finding *finding = finding_of(detector, before[i].position);
        if (!finding || finding->confidence != LEAK_NONE) continue;
        const struct leak_class *class = detector->history.classes[before[i].position];
        *finding = before[i];
        finding->unseen++;
        finding->count = class->total_count;
        finding->bytes = class->total_bytes;
    }
}

static int by_bytes_per_hour(const void *left, const void *right)
{
    double a = ((const struct leak_finding *)left)->bytes_per_hour;
    double b = ((const struct leak_finding *)right)->bytes_per_hour;
    return a < b ? 1 : a > b ? -1 : 0;
}

/* A class that was no suspect for as many observations as there are kept is news when it comes again. */
static void mark_news(struct leak_detector *detector)
{
    struct leak_history *history = &detector->history;
    for (size_t i = 0; i < history->class_count; i++) {
        struct leak_class *class = history->classes[i];
        if (class->announced && ++class->silent > LEAK_MOMENTS) class->announced = class->silent = 0;
    }
    for (size_t i = 0; i < detector->finding_count; i++) {
        struct leak_finding *finding = &detector->findings[i];
        struct leak_class *class = history->classes[finding->position];
        class->silent = 0;
        finding->news = finding->confidence > class->announced;
        if (finding->news) class->announced = (uint8_t)finding->confidence;
    }
}

bool leak_detector_observe(struct leak_detector *detector, const struct leak_moment *moment,
                           uint64_t collections, const struct class_census *classes, size_t class_count)
{
    struct leak_history *history = &detector->history;
    if (history->length && collections == detector->collections) return false;
    detector->collections = collections;
    leak_history_add(history, moment, classes, class_count);

    struct test *tests = malloc((2 * WINDOWS * history->class_count + 1) * sizeof *tests), *end = tests;
    if (!tests) return false;
    struct leak_finding before[LEAK_SUSPECTS_MAX];
    size_t before_count = detector->finding_count;
    memcpy(before, detector->findings, before_count * sizeof *before);
    detector->finding_count = 0;
    for (size_t i = 0; i < history->class_count; i++) {
        test_row(detector, i, false, &end);
        test_row(detector, i, true, &end);
    }
    detector->tests = (size_t)(end - tests);
    adjust(tests, detector->tests);
    judge(detector, tests, detector->tests);
    keep(detector, before, before_count);
    free(tests);
    mark_news(detector);
    qsort(detector->findings, detector->finding_count, sizeof *detector->findings, by_bytes_per_hour);
    return true;
}

void leak_detector_clear(struct leak_detector *detector)
{
    leak_history_clear(&detector->history);
    memset(detector, 0, sizeof *detector);
}
