#include "reporter/leak_watch.h"

#include "base/clock.h"
#include "sampling/retained_set.h"
#include "vm/guarded_call.h"
#include "vm/gvl_turn.h"
#include "wire/leak_sections.h"

#include <math.h>
#include <ruby.h>
#include <stdlib.h>
#include <string.h>

/* What the latest census by class cost, and how many snapshots went without since. */
static uint64_t census_ns;
static uint64_t snapshots_without;

bool leak_watch_census_due(const struct agent_config *config)
{
    if (!config->allocation_sampling) return false;
    double allowed_ns = config->census_budget * config->interval_s * 1e9;
    if ((double)census_ns > allowed_ns * (double)(snapshots_without + 1)) {
        snapshots_without++;
        return false;
    }
    snapshots_without = 0;
    return true;
}

/* --- observing ---------------------------------------------------------------------------------------------------------------- */

static uint64_t gc_figure(const struct report *report, const char *key)
{
    int position = gc_stats_position(key);
    return position < 0 ? 0 : report->gc_stats.values[position];
}

static void find_origins(void *argument)
{
    struct leak_suspect_list *found = argument;
    for (size_t i = 0; i < found->count; i++) {
        struct leak_suspect *suspect = &found->suspects[i];
        const struct retained_growth growth = {.since_ns = suspect->since.at_ns,
                                               .settle_ns = monotonic_ns() - suspect->settled_ns,
                                               .by_bytes = suspect->by_bytes};
        retained_origins_of(suspect->class_name, &growth, &suspect->origins);
    }
}

/* The row that our own map is in, less the map: it grows while the retained set fills, and is nobody's leak. */
static struct class_census *take_our_map(const struct census_result *census, uint64_t *bytes)
{
    *bytes = retained_set_map_bytes();
    for (size_t i = 0; *bytes && i < census->class_count; i++) {
        struct class_census *row = &census->classes[i];
        if (strcmp(row->name, "ObjectSpace::WeakMap") != 0) continue;
        if (*bytes > row->old_bytes) *bytes = row->old_bytes;
        row->old_bytes -= *bytes;
        return row;
    }
    return NULL;
}

static bool find_suspects(struct report *report, const struct leak_moment *moment,
                          struct leak_suspect_list *found)
{
    uint64_t map_bytes;
    struct class_census *row = take_our_map(&report->census, &map_bytes);
    bool new = leak_suspects_find(&report->census, moment, gc_figure(report, "count"), found);
    if (row) row->old_bytes += map_bytes;
    return new;
}

bool leak_watch_observe(struct report *report)
{
    const struct census_result *census = &report->census;
    if (!report->config.allocation_sampling || !census->by_class) return false;
    census_ns = census->cost.gvl_ns + census->cost.stall_ns;
    if (!census->complete) return false;

    struct leak_moment moment = {.at_ns = monotonic_ns(),
                                 .realtime_ns = clock_read_ns(CLOCK_REALTIME),
                                 .allocated = gc_figure(report, "total_allocated_objects"),
                                 .majors = gc_figure(report, "major_gc_count")};
    struct leak_suspect_list found;
    if (!find_suspects(report, &moment, &found)) return false;
    if (found.count) gvl_turn_run(find_origins, &found);
    leak_suspects_publish(&found);
    leak_suspects_free(&report->leak_suspects);
    leak_suspects_copy(&report->leak_suspects);
    return true;
}

/* --- telling ------------------------------------------------------------------------------------------------------------------ */

struct news {
    char *text;
    size_t length;
    int ended_by;
};

static VALUE call_announce(VALUE argument)
{
    struct news *news = (struct news *)argument;
    VALUE agent = rb_const_get(rb_cObject, rb_intern("HeapPeriscopeAgent"));
    VALUE configuration = rb_funcall(agent, rb_intern("configuration"), 0);
    if (NIL_P(rb_funcall(configuration, rb_intern("on_leak_suspect"), 0))) return Qnil;
    VALUE module = rb_const_get(agent, rb_intern("LeakSuspects"));
    return rb_funcall(module, rb_intern("announce"), 1, rb_utf8_str_new(news->text, (long)news->length));
}

/* In person, never as a job: the callback is the program's code and may do anything. */
static void announce(void *argument)
{
    ((struct news *)argument)->ended_by = guarded_call_of_program(call_announce, (VALUE)argument);
}

static size_t count_news(const struct leak_suspect_list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->suspects[i].news;
    return count;
}

int leak_watch_announce(const struct report *report)
{
    const struct leak_suspect_list *all = &report->leak_suspects;
    size_t count = count_news(all);
    struct leak_suspect_list fresh = {.suspects = count ? malloc(count * sizeof *fresh.suspects) : NULL};
    if (!fresh.suspects) return 0;
    for (size_t i = 0; i < all->count; i++)
        if (all->suspects[i].news) fresh.suspects[fresh.count++] = all->suspects[i];

    struct news news = {0};
    news.text = leak_sections_text(&fresh, &news.length);
    if (news.text) gvl_turn_in_person(announce, &news);
    free(news.text);
    leak_suspects_free(&fresh);
    return news.ended_by;
}
