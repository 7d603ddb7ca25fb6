#include "wire/snapshot_sections.h"

#include "base/clock.h"
#include "vm/vm.h"
#include "wire/leak_sections.h"
#include "wire/sampling_sections.h"
#include "wire/span_sections.h"

#include <stdio.h>
#include <string.h>

/* --- writing one entry ---------------------------------------------------------------------------------------------------- */

struct sections {
    const struct report *report;
    struct json_parts *parts;
    yajl_gen json;
};

/* Adds what the generator holds, an object without its braces (an entry of an object) or any value, and restarts it. */
static void add_entry(struct sections *sections, bool strip_braces)
{
    const unsigned char *text;
    size_t length;
    yajl_gen_get_buf(sections->json, &text, &length);
    size_t strip = strip_braces ? 1 : 0;
    json_parts_add(sections->parts, (const char *)text + strip, length - 2 * strip);
    json_restart(sections->json);
}

static void add_value(struct sections *sections, const char *name)
{
    const unsigned char *text;
    size_t length;
    yajl_gen_get_buf(sections->json, &text, &length);
    json_parts_value(sections->parts, name, (const char *)text, length);
    json_restart(sections->json);
}

static void add_count(struct sections *sections, const char *key, uint64_t count)
{
    yajl_gen_map_open(sections->json);
    json_key_unsigned(sections->json, key, count);
    yajl_gen_map_close(sections->json);
    add_entry(sections, true);
}

/* --- sections 0.3.0 knew --------------------------------------------------------------------------------------------------- */

static void write_gc_stats(struct sections *sections)
{
    const struct gc_stats *stats = &sections->report->gc_stats;
    json_parts_open(sections->parts, "gc_stats", '{', true);
    for (size_t i = 0; i < stats->count; i++)
        add_count(sections, gc_stats_name(i), stats->values[i]);
    json_parts_close(sections->parts);
}

/* Ruby's names for the T_ types; NULL where there is none. */
static const char *const type_names[HEAP_CENSUS_TYPES] = {
    [0x01] = "T_OBJECT", [0x02] = "T_CLASS", [0x03] = "T_MODULE", [0x04] = "T_FLOAT",   [0x05] = "T_STRING",
    [0x06] = "T_REGEXP", [0x07] = "T_ARRAY", [0x08] = "T_HASH",   [0x09] = "T_STRUCT",  [0x0a] = "T_BIGNUM",
    [0x0b] = "T_FILE",   [0x0c] = "T_DATA",  [0x0d] = "T_MATCH",  [0x0e] = "T_COMPLEX", [0x0f] = "T_RATIONAL",
    [0x14] = "T_SYMBOL", [0x1a] = "T_IMEMO", [0x1b] = "T_NODE",   [0x1c] = "T_ICLASS",  [0x1d] = "T_ZOMBIE",
    [0x1e] = "T_MOVED",
};

static void write_object_space(struct sections *sections)
{
    const struct census_result *census = &sections->report->census;
    int available = gc_stats_position("heap_available_slots");
    uint64_t total = census->total_slots;
    /* Pages that are all free are not walked, but they are the heap's. */
    if (available >= 0 && sections->report->gc_stats.values[available] > total)
        total = sections->report->gc_stats.values[available];

    json_parts_open(sections->parts, "object_space_summary", '{', true);
    if (census->total_slots) {
        add_count(sections, "TOTAL", total);
        add_count(sections, "FREE", total - census->objects);
        for (size_t i = 0; i < HEAP_CENSUS_TYPES; i++)
            if (census->types[i] && type_names[i]) add_count(sections, type_names[i], census->types[i]);
    }
    json_parts_close(sections->parts);
}

static void write_classes(struct sections *sections)
{
    const struct census_result *census = &sections->report->census;
    size_t limit = sections->report->config.detailed_objects_limit;
    if (!census->by_class || !sections->report->config.detailed_objects) return;

    json_parts_open(sections->parts, "living_objects_by_class", '{', true);
    for (size_t i = 0; i < census->class_count && i < limit; i++) {
        yajl_gen_map_open(sections->json);
        json_string(sections->json, census->classes[i].name);
        yajl_gen_map_open(sections->json);
        json_key_unsigned(sections->json, "count", census->classes[i].count);
        json_key_bool(sections->json, "is_platform_class", census->classes[i].platform);
        json_key_unsigned(sections->json, "bytes", census->classes[i].bytes);
        yajl_gen_map_close(sections->json);
        yajl_gen_map_close(sections->json);
        add_entry(sections, true);
    }
    json_parts_close(sections->parts);
}

/* --- ours ----------------------------------------------------------------------------------------------------------------- */

static void write_pools(struct sections *sections)
{
    const struct census_result *census = &sections->report->census;
    bool done[HEAP_CENSUS_POOLS] = {false};

    json_parts_open(sections->parts, "heap_pools", '[', false);
    for (size_t n = 0; n < census->pool_count; n++) {
        size_t least = census->pool_count;
        for (size_t i = 0; i < census->pool_count; i++)
            if (!done[i] && (least == census->pool_count ||
                             census->pools[i].slot_bytes < census->pools[least].slot_bytes))
                least = i;
        done[least] = true;
        yajl_gen_map_open(sections->json);
        json_key_unsigned(sections->json, "slot_bytes", census->pools[least].slot_bytes);
        json_key_unsigned(sections->json, "pages", census->pools[least].pages);
        json_key_unsigned(sections->json, "total_slots", census->pools[least].total_slots);
        json_key_unsigned(sections->json, "live_slots", census->pools[least].live_slots);
        yajl_gen_map_close(sections->json);
        add_entry(sections, false);
    }
    json_parts_close(sections->parts);
}

static void write_buckets(yajl_gen json, const struct pause_histogram *pauses)
{
    json_string(json, "buckets");
    yajl_gen_array_open(json);
    for (size_t i = 0; i < PAUSE_BUCKETS; i++) {
        yajl_gen_map_open(json);
        json_string(json, "le_ms");
        if (i < PAUSE_BUCKETS - 1)
            json_float(json, pause_bucket_bounds_ms[i]);
        else
            yajl_gen_null(json);
        json_key_unsigned(json, "minor", pauses->minor[i]);
        json_key_unsigned(json, "major", pauses->major[i]);
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

static void write_pauses(struct sections *sections)
{
    const struct report *report = sections->report;
    const struct pause_histogram *pauses = &report->pauses;
    yajl_gen json = sections->json;

    yajl_gen_map_open(json);
    json_key_unsigned(json, "count", report->single_pauses ? pauses->count : report->collections);
    json_key_ms(json, "total_ms", report->single_pauses ? pauses->total_ns : report->gc_time_ns);
    json_key_float(json, "since_s", report->pauses_since_s);
    json_key_bool(json, "single", report->single_pauses);
    if (report->single_pauses) {
        json_key_ms(json, "max_ms", pauses->max_ns);
        json_key_ms(json, "p50_ms", pause_histogram_quantile(pauses, 0.50));
        json_key_ms(json, "p95_ms", pause_histogram_quantile(pauses, 0.95));
        json_key_ms(json, "p99_ms", pause_histogram_quantile(pauses, 0.99));
        write_buckets(json, pauses);
    } else {
        json_string(json, "buckets");
        yajl_gen_array_open(json);
        yajl_gen_array_close(json);
    }
    yajl_gen_map_close(json);
    add_value(sections, "gc_pauses");
}

static void write_memory(struct sections *sections)
{
    const struct process_memory *memory = &sections->report->memory;
    const struct {
        const char *key;
        int64_t bytes;
    } figures[] = {{"rss_bytes", memory->rss_bytes},
                   {"pss_bytes", memory->pss_bytes},
                   {"shared_bytes", memory->shared_bytes},
                   {"private_bytes", memory->private_bytes},
                   {"swap_bytes", memory->swap_bytes}};
    yajl_gen_map_open(sections->json);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (figures[i].bytes >= 0) json_key_integer(sections->json, figures[i].key, figures[i].bytes);
    yajl_gen_map_close(sections->json);
    add_value(sections, "process_memory");
}

static void write_census_cost(yajl_gen json, const struct census_result *census)
{
    json_string(json, "census");
    yajl_gen_map_open(json);
    json_key_unsigned(json, "objects", census->objects);
    json_key_unsigned(json, "slices", census->cost.slices);
    json_key_ms(json, "gvl_ms", census->cost.gvl_ns);
    json_key_ms(json, "longest_slice_ms", census->cost.longest_slice_ns);
    json_key_ms(json, "stall_ms", census->cost.stall_ns);
    json_key_ms(json, "longest_stall_ms", census->cost.longest_stall_ns);
    json_key_ms(json, "wall_ms", census->cost.wall_ns);
    json_key_unsigned(json, "collections", census->cost.collections);
    json_key_bool(json, "complete", census->complete);
    yajl_gen_map_close(json);
}

static void write_cost(struct sections *sections)
{
    static const struct {
        const char *key;
        enum agent_cost_counter counter;
    } counters[] = {{"snapshots", COST_SNAPSHOTS},
                    {"snapshots_skipped", COST_SNAPSHOTS_SKIPPED},
                    {"censuses", COST_CENSUSES},
                    {"censuses_incomplete", COST_CENSUSES_INCOMPLETE},
                    {"gc_reports", COST_GC_REPORTS},
                    {"datagrams_sent", COST_DATAGRAMS_SENT},
                    {"bytes_sent", COST_BYTES_SENT},
                    {"datagrams_dropped", COST_DATAGRAMS_DROPPED},
                    {"datagrams_refused", COST_DATAGRAMS_REFUSED},
                    {"oversized_parts", COST_OVERSIZED_PARTS},
                    {"entries_dropped", COST_ENTRIES_DROPPED},
                    {"names_truncated", COST_NAMES_TRUNCATED},
                    {"failures", COST_FAILURES},
                    {"windows", COST_WINDOWS}};
    const struct agent_cost *cost = &sections->report->cost;
    yajl_gen json = sections->json;

    yajl_gen_map_open(json);
    json_key_ms(json, "gvl_ms", cost->counters[COST_GVL_NS]);
    json_key_ms(json, "cpu_ms", cost->counters[COST_TURN_CPU_NS] + cost->counters[COST_THREAD_CPU_NS]);
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        json_key_unsigned(json, counters[i].key, cost->counters[counters[i].counter]);
    if (cost->core_share >= 0) {
        json_string(json, "core_share");
        json_decimals(json, cost->core_share, 6);
    }
    if (sections->report->census.total_slots) write_census_cost(json, &sections->report->census);
    yajl_gen_map_close(json);
    add_value(sections, "agent_cost");
}

/* What this Ruby does not let us do; most let everything. */
static void write_unavailable(struct sections *sections)
{
    if (!vm_missing(0)) return;
    json_parts_open(sections->parts, "unavailable", '[', false);
    for (unsigned i = 0; vm_missing(i); i++) {
        json_string(sections->json, vm_missing(i));
        add_entry(sections, false);
    }
    json_parts_close(sections->parts);
}

/* -------------------------------------------------------------------------------------------------------------------------- */

void snapshot_sections_write(const struct report *report, struct json_parts *parts)
{
    struct sections sections = {report, parts, yajl_gen_alloc(NULL)};
    if (!sections.json) {
        parts->out_of_memory = true;
        return;
    }
    write_gc_stats(&sections);
    write_object_space(&sections);
    write_classes(&sections);
    span_sections_write(report->spans, report->span_count, sections.json, parts);

    write_pools(&sections);
    write_pauses(&sections);
    write_memory(&sections);
    sampling_sections_write(report->sampling, sections.json, parts);
    write_cost(&sections);
    write_unavailable(&sections);
    if (report->config.allocation_sampling) leak_sections_write(&report->leak_suspects, sections.json, parts);
    yajl_gen_free(sections.json);
}
