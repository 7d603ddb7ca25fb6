#include "spans/span_census.h"

#include "base/clock.h"
#include "spans/span_turns.h"

#include <stdlib.h>
#include <string.h>

static void (*wake_reporter)(void);
static size_t classes_kept;
static bool wanted; /* atomic: read by the reporter without the GVL */

void span_census_set_waker(void (*wake)(void))
{
    wake_reporter = wake;
}

void span_census_configure(double budget, size_t classes)
{
    span_turns_set_budget(budget);
    classes_kept = classes;
}

void span_census_offer(struct span_entry *entry, uint64_t now_ns)
{
    if (!wake_reporter || !span_turns_take(entry, now_ns)) return;
    __atomic_store_n(&wanted, true, __ATOMIC_RELEASE);
    wake_reporter();
}

bool span_census_wanted(void)
{
    return __atomic_load_n(&wanted, __ATOMIC_ACQUIRE);
}

/* Of the `classes` most frequent; NULL when memory is short. */
static struct span_live *live_from(const struct census_result *result, size_t classes)
{
    size_t length = result->class_count < classes ? result->class_count : classes;
    struct span_live *live = span_live_new(length);

    if (!live) return NULL;
    live->measured_at_ns = clock_read_ns(CLOCK_REALTIME);
    for (size_t i = 0; i < length; i++) {
        live->classes[i].name = strdup(result->classes[i].name);
        live->classes[i].platform = result->classes[i].platform;
        live->classes[i].count = result->classes[i].count;
        live->classes[i].bytes = result->classes[i].bytes;
        if (live->classes[i].name) continue;
        span_live_release(live);
        return NULL;
    }
    return live;
}

void span_census_deliver(const struct census_result *result)
{
    struct span_entry *entry = span_turns_holder();

    __atomic_store_n(&wanted, false, __ATOMIC_RELEASE);
    if (!entry) return;
    span_turns_finish(monotonic_ns(), result->cost.gvl_ns + result->cost.stall_ns);
    if (!result->complete || !result->by_class) return;

    struct span_live *live = live_from(result, classes_kept);
    if (live) span_table_set_live(entry, live);
}

void span_census_reset(void)
{
    span_turns_reset();
    __atomic_store_n(&wanted, false, __ATOMIC_RELEASE);
}
