#include "sampling/retained_origins.h"

#include "base/clock.h"
#include "sampling/call_sites.h"
#include "sampling/frame_table.h"
#include "sampling/retained_set.h"
#include "sampling/sampled_classes.h"
#include "sampling/stack_fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct weighed {
    uint32_t index;                /* of call_sites, for sites */
    const struct span_entry *span; /* for spans */
    double weight, heaviest;
    uint32_t stack; /* the heaviest one, as an example */
};

struct weighing {
    struct weighed sites[CALL_SITES_MAX], spans[CALL_SPANS_MAX];
    size_t site_count, span_count;
    double all;
};

/* Fewer survivors that are certainly no garbage say less than many that may be. */
#define CERTAIN_MIN 3

/* Objects of one class, by when they were born (monotonic) and by the age at which they outlived a full collection. */
struct selection {
    uint32_t class_index;
    bool by_bytes;
    uint64_t from_ns, until_ns, outlived_ns;
};

static bool counts(const struct retained_record *record, const struct selection *selection)
{
    return record->used && record->tested && record->class_index == selection->class_index &&
           record->born_ns >= selection->from_ns && record->born_ns < selection->until_ns &&
           record->outlived_ns >= selection->outlived_ns;
}

static double weight_of(const struct retained_record *record, const struct selection *selection)
{
    return selection->by_bytes ? record->weight * (double)record->bytes : record->weight;
}

static void weigh_site(struct weighing *weighing, const struct retained_record *record, double weight)
{
    uint32_t site = call_stack_at(record->stack)->site;
    size_t i = 0;
    while (i < weighing->site_count && weighing->sites[i].index != site)
        i++;
    if (i == weighing->site_count) weighing->sites[weighing->site_count++] = (struct weighed){.index = site};
    weighing->sites[i].weight += weight;
    if (weight <= weighing->sites[i].heaviest) return;
    weighing->sites[i].heaviest = weight;
    weighing->sites[i].stack = record->stack;
}

static void weigh_span(struct weighing *weighing, const struct span_entry *span, double weight)
{
    size_t i = 0;
    while (i < weighing->span_count && weighing->spans[i].span != span)
        i++;
    if (i == CALL_SPANS_MAX) return;
    if (i == weighing->span_count) weighing->spans[weighing->span_count++] = (struct weighed){.span = span};
    weighing->spans[i].weight += weight;
}

static void weigh(struct weighing *weighing, const struct selection *selection)
{
    weighing->site_count = weighing->span_count = 0;
    weighing->all = 0;
    for (size_t i = 0; i < RETAINED_MAX; i++) {
        const struct retained_record *record = &retained_records()[i];
        if (!counts(record, selection)) continue;
        double weight = weight_of(record, selection);
        weighing->all += weight;
        if (record->stack == CALL_SITE_NONE) continue;
        const struct span_entry *span = call_stack_at(record->stack)->span;
        weigh_site(weighing, record, weight);
        if (span) weigh_span(weighing, span, weight);
    }
}

static int by_weight(const void *left, const void *right)
{
    const struct weighed *a = left, *b = right;
    return a->weight < b->weight ? 1 : a->weight > b->weight ? -1 : 0;
}

static void describe_site(struct retained_site_share *share, const struct weighed *weighed, double all)
{
    struct call_frame frame = call_site_at(weighed->index)->frame;
    share->share = weighed->weight / all;
    share->line = frame.line;
    if (frame.frame == FRAME_NONE) return;
    snprintf(share->path, sizeof share->path, "%s", frame_table_at(frame.frame)->path);
    snprintf(share->method, sizeof share->method, "%s", frame_table_at(frame.frame)->method);
}

static void describe(struct retained_origins *origins, struct weighing *weighing)
{
    _Static_assert(RETAINED_LINE_BYTES == STACK_LINE_BYTES, "lines of one size");
    qsort(weighing->sites, weighing->site_count, sizeof *weighing->sites, by_weight);
    qsort(weighing->spans, weighing->span_count, sizeof *weighing->spans, by_weight);
    for (size_t i = 0; i < weighing->site_count && i < RETAINED_ORIGINS_MAX; i++)
        describe_site(&origins->sites[origins->site_count++], &weighing->sites[i], weighing->all);
    for (size_t i = 0; i < weighing->span_count && i < RETAINED_ORIGINS_MAX; i++)
        origins->spans[origins->span_count++] = (struct retained_span_share){
            .span = weighing->spans[i].span, .share = weighing->spans[i].weight / weighing->all};
    if (!weighing->site_count) return;
    const struct call_stack *stack = call_stack_at(weighing->sites[0].stack);
    origins->stack_lines =
        stack_fold(call_stack_frames(stack), stack->frame_count, origins->stack, RETAINED_STACK_LINES);
}

static size_t count(const struct selection *selection)
{
    size_t count = 0;
    for (size_t i = 0; i < RETAINED_MAX; i++)
        count += counts(&retained_records()[i], selection);
    return count;
}

/* The narrowest selection that has survivors enough. */
static struct selection narrowed(const struct selection *all, const struct retained_growth *growth)
{
    uint64_t now_ns = monotonic_ns();
    struct selection settled = *all;
    settled.until_ns = now_ns > growth->settle_ns ? now_ns - growth->settle_ns : 0;
    if (!growth->by_bytes) settled.from_ns = growth->since_ns;
    struct selection certain = settled;
    certain.outlived_ns = growth->settle_ns;
    if (count(&certain) >= CERTAIN_MIN) return certain;
    return count(&settled) ? settled : *all;
}

bool retained_origins_of(const char *class_name, const struct retained_growth *growth,
                         struct retained_origins *origins)
{
    static struct weighing weighing; /* GVL */
    memset(origins, 0, sizeof *origins);
    struct selection all = {.class_index = sampled_classes_named(class_name),
                            .by_bytes = growth->by_bytes,
                            .until_ns = UINT64_MAX};
    if (!retained_set_running_p() || all.class_index == SAMPLED_OTHER) return false;
    struct selection selection = narrowed(&all, growth);
    weigh(&weighing, &selection);
    if (weighing.all <= 0) return false;
    describe(origins, &weighing);
    return true;
}
