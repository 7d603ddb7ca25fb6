#include "sampling/call_sites.h"

#include "sampling/frame_table.h"

#include <stdlib.h>
#include <string.h>

/* Powers of two, at least twice as many as there are entries. */
#define STACK_BUCKETS 16384
#define SITE_BUCKETS  (CALL_SITES_MAX * 2)
/* Sites that one window may touch: as many as it takes samples. */
#define TOUCHED_MAX 1024

static struct call_stack stacks[CALL_STACKS_MAX];
static uint32_t stack_count;
static uint16_t stack_buckets[STACK_BUCKETS]; /* index + 1 */
static struct call_frame pool[CALL_FRAMES_MAX];
static uint32_t pool_used;
static struct call_site sites[CALL_SITES_MAX];
static uint32_t site_count;
static uint16_t site_buckets[SITE_BUCKETS];
static struct call_span spans[CALL_SPANS_MAX];
static uint32_t span_count;
static uint32_t touched[TOUCHED_MAX], touched_count;
static uint64_t window_number, evicted;
static void (*tell_moved)(const uint32_t *places);

void call_sites_on_move(void (*moved)(const uint32_t *places))
{
    tell_moved = moved;
}

/* --- lookup -------------------------------------------------------------------------------------------------------------------- */

static uint32_t mix(uint32_t hash, uint64_t word)
{
    uint64_t mixed = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(mixed >> 32) ^ (uint32_t)mixed;
}

static uint32_t stack_hash(uint32_t class_index, const struct span_entry *span,
                           const struct call_frame *frames, size_t count)
{
    uint32_t hash = mix(class_index, (uint64_t)(uintptr_t)span);
    for (size_t i = 0; i < count; i++)
        hash = mix(hash, ((uint64_t)frames[i].frame << 32) | (uint32_t)frames[i].line);
    return hash;
}

static uint16_t *stack_bucket(uint32_t hash, uint32_t class_index, const struct span_entry *span,
                              const struct call_frame *frames, size_t count)
{
    for (uint32_t at = hash & (STACK_BUCKETS - 1);; at = (at + 1) & (STACK_BUCKETS - 1)) {
        if (!stack_buckets[at]) return &stack_buckets[at];
        const struct call_stack *stack = &stacks[stack_buckets[at] - 1];
        if (stack->hash == hash && stack->class_index == class_index && stack->span == span &&
            stack->frame_count == count &&
            memcmp(pool + stack->first_frame, frames, count * sizeof *frames) == 0)
            return &stack_buckets[at];
    }
}

static uint16_t *site_bucket(uint32_t class_index, struct call_frame frame)
{
    uint32_t at = mix(class_index, ((uint64_t)frame.frame << 32) | (uint32_t)frame.line) & (SITE_BUCKETS - 1);
    for (;; at = (at + 1) & (SITE_BUCKETS - 1)) {
        if (!site_buckets[at]) return &site_buckets[at];
        const struct call_site *site = &sites[site_buckets[at] - 1];
        if (site->class_index == class_index && site->frame.frame == frame.frame &&
            site->frame.line == frame.line)
            return &site_buckets[at];
    }
}

/* The innermost frame of the application; without one, the innermost that has a file. */
static struct call_frame choose_site(const struct call_frame *frames, size_t count)
{
    struct call_frame with_file = {FRAME_NONE, 0};
    for (size_t i = 0; i < count; i++) {
        enum frame_kind kind = frame_table_at(frames[i].frame)->kind;
        if (kind == FRAME_APP) return frames[i];
        if (kind != FRAME_C && with_file.frame == FRAME_NONE) with_file = frames[i];
    }
    if (with_file.frame != FRAME_NONE || !count) return with_file;
    return frames[0];
}

static uint32_t find_site(uint32_t class_index, struct call_frame frame, uint32_t example)
{
    uint16_t *bucket = site_bucket(class_index, frame);
    if (*bucket) return *bucket - 1u;
    if (site_count >= CALL_SITES_MAX) return CALL_SITE_NONE;
    sites[site_count] = (struct call_site){.class_index = class_index, .frame = frame, .example = example};
    *bucket = (uint16_t)++site_count;
    return site_count - 1;
}

static struct call_span *find_span(const struct span_entry *span)
{
    for (uint32_t i = 0; i < span_count; i++)
        if (spans[i].span == span) return &spans[i];
    if (span_count >= CALL_SPANS_MAX) return NULL;
    spans[span_count] = (struct call_span){.span = span};
    return &spans[span_count++];
}

/* --- eviction -------------------------------------------------------------------------------------------------------------------- */

static int by_last_use(const void *left, const void *right)
{
    const struct call_stack *a = &stacks[*(const uint32_t *)left], *b = &stacks[*(const uint32_t *)right];
    if (!a->watched != !b->watched) return a->watched ? -1 : 1;
    if (a->last_used != b->last_used) return a->last_used > b->last_used ? -1 : 1;
    return a->weight > b->weight ? -1 : a->weight < b->weight;
}

static void choose_kept(bool *kept)
{
    static uint32_t order[CALL_STACKS_MAX];
    for (uint32_t i = 0; i < stack_count; i++)
        order[i] = i;
    qsort(order, stack_count, sizeof *order, by_last_use);
    for (uint32_t i = 0; i < stack_count; i++)
        kept[order[i]] = i < stack_count / 2;
}

/* Frames of kept stacks move to the front of the pool, in the order they stand there. */
static void move_stacks(const bool *kept, uint32_t *places)
{
    uint32_t to = 0, pool_to = 0;
    for (uint32_t i = 0; i < stack_count; i++) {
        places[i] = kept[i] ? to : CALL_SITE_NONE;
        if (!kept[i]) {
            evicted++;
            continue;
        }
        struct call_stack stack = stacks[i];
        memmove(pool + pool_to, pool + stack.first_frame, stack.frame_count * sizeof *pool);
        stack.first_frame = pool_to;
        pool_to += stack.frame_count;
        stacks[to++] = stack;
    }
    stack_count = to;
    pool_used = pool_to;
}

static void move_frames(void)
{
    static bool used[FRAMES_MAX];
    static uint32_t moved[FRAMES_MAX];
    memset(used, 0, sizeof used);
    for (uint32_t i = 0; i < pool_used; i++)
        used[pool[i].frame] = true;
    for (uint32_t i = 0; i < stack_count; i++)
        if (sites[stacks[i].site].frame.frame != FRAME_NONE) used[sites[stacks[i].site].frame.frame] = true;
    frame_table_compact(used, moved);
    for (uint32_t i = 0; i < pool_used; i++)
        pool[i].frame = moved[pool[i].frame];
    for (uint32_t i = 0; i < site_count; i++)
        if (sites[i].frame.frame != FRAME_NONE) sites[i].frame.frame = moved[sites[i].frame.frame];
}

/* Sites that no stack leads to any more go with their counts. */
static void move_sites(void)
{
    static uint32_t places[CALL_SITES_MAX];
    static bool used[CALL_SITES_MAX];
    memset(used, 0, sizeof used);
    for (uint32_t i = 0; i < stack_count; i++) {
        used[stacks[i].site] = true;
        sites[stacks[i].site].example = i;
    }
    uint32_t to = 0;
    for (uint32_t i = 0; i < site_count; i++) {
        places[i] = to;
        if (used[i]) sites[to++] = sites[i];
    }
    site_count = to;
    for (uint32_t i = 0; i < stack_count; i++)
        stacks[i].site = places[stacks[i].site];
}

static void rebuild_buckets(void)
{
    memset(stack_buckets, 0, sizeof stack_buckets);
    memset(site_buckets, 0, sizeof site_buckets);
    for (uint32_t i = 0; i < site_count; i++)
        *site_bucket(sites[i].class_index, sites[i].frame) = (uint16_t)(i + 1);
    for (uint32_t i = 0; i < stack_count; i++) {
        struct call_stack *stack = &stacks[i];
        const struct call_frame *frames = pool + stack->first_frame;
        stack->hash = stack_hash(stack->class_index, stack->span, frames, stack->frame_count);
        *stack_bucket(stack->hash, stack->class_index, stack->span, frames, stack->frame_count) =
            (uint16_t)(i + 1);
    }
}

void call_sites_compact(void)
{
    static bool kept[CALL_STACKS_MAX];
    static uint32_t places[CALL_STACKS_MAX];
    choose_kept(kept);
    move_stacks(kept, places);
    move_frames();
    move_sites();
    rebuild_buckets();
    if (tell_moved) tell_moved(places);
}

/* --- counting ---------------------------------------------------------------------------------------------------------------------- */

static bool room_for(size_t frame_count)
{
    return stack_count < CALL_STACKS_MAX && pool_used + frame_count <= CALL_FRAMES_MAX &&
           site_count < CALL_SITES_MAX;
}

static uint32_t add_stack(uint32_t hash, uint32_t class_index, const struct span_entry *span,
                          const struct call_frame *frames, size_t frame_count)
{
    uint32_t site = find_site(class_index, choose_site(frames, frame_count), stack_count);
    if (site == CALL_SITE_NONE) return CALL_SITE_NONE;
    memcpy(pool + pool_used, frames, frame_count * sizeof *frames);
    stacks[stack_count] = (struct call_stack){.hash = hash,
                                              .first_frame = pool_used,
                                              .site = site,
                                              .frame_count = (uint16_t)frame_count,
                                              .class_index = class_index,
                                              .span = span};
    pool_used += (uint32_t)frame_count;
    return stack_count++;
}

static void touch_site(uint32_t index, double weight)
{
    struct call_site *site = &sites[index];
    if (!site->touched && touched_count >= TOUCHED_MAX) return;
    if (!site->touched) touched[touched_count++] = index;
    site->touched = true;
    site->allocations.in_window += weight;
}

uint32_t call_sites_add(uint32_t class_index, const struct span_entry *span, const struct call_frame *frames,
                        size_t frame_count, double weight)
{
    uint32_t hash = stack_hash(class_index, span, frames, frame_count);
    uint16_t *bucket = stack_bucket(hash, class_index, span, frames, frame_count);
    if (!*bucket) {
        if (!room_for(frame_count)) return CALL_SITE_NONE;
        uint32_t added = add_stack(hash, class_index, span, frames, frame_count);
        if (added == CALL_SITE_NONE) return added;
        *bucket = (uint16_t)(added + 1);
    }
    struct call_stack *stack = &stacks[*bucket - 1];
    stack->weight += weight;
    stack->last_used = window_number;
    touch_site(stack->site, weight);
    struct call_span *counted = find_span(span);
    if (counted) {
        counted->allocations.in_window += weight;
        counted->touched = true;
    }
    return *bucket - 1u;
}

void call_sites_close_window(double y)
{
    window_number++;
    for (uint32_t i = 0; i < touched_count; i++) {
        share_counter_close(&sites[touched[i]].allocations, y);
        sites[touched[i]].touched = false;
    }
    touched_count = 0;
    for (uint32_t i = 0; i < span_count; i++)
        if (spans[i].touched) {
            share_counter_close(&spans[i].allocations, y);
            spans[i].touched = false;
        }
}

/* --- reading ------------------------------------------------------------------------------------------------------------------------ */

uint32_t call_stacks_count(void)
{
    return stack_count;
}

struct call_stack *call_stack_at(uint32_t index)
{
    return &stacks[index];
}

const struct call_frame *call_stack_frames(const struct call_stack *stack)
{
    return pool + stack->first_frame;
}

uint32_t call_sites_count(void)
{
    return site_count;
}

struct call_site *call_site_at(uint32_t index)
{
    return &sites[index];
}

uint32_t call_spans_count(void)
{
    return span_count;
}

struct call_span *call_span_at(uint32_t index)
{
    return &spans[index];
}

uint64_t call_sites_evicted(void)
{
    return evicted;
}

void call_sites_clear(void)
{
    stack_count = pool_used = site_count = span_count = touched_count = 0;
    memset(stack_buckets, 0, sizeof stack_buckets);
    memset(site_buckets, 0, sizeof site_buckets);
    evicted = 0;
}
