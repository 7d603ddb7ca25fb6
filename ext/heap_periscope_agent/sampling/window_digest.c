#include "sampling/window_digest.h"

#include "base/clock.h"
#include "sampling/allocation_window.h"
#include "sampling/call_sites.h"
#include "sampling/frame_table.h"
#include "sampling/retained_set.h"
#include "sampling/sampled_classes.h"

/* Where at least this many samples were to be expected, they are scaled to what the window saw: their number tells nothing. */
#define SAMPLES_FOR_RATIO 32

/* Longest time one digestion may take for new stacks; samples beyond it are dropped and counted. */
#define DIGEST_MAX_NS MS_TO_NS(2)

/* How many objects one that was seen stands for inside its window: more than 1 where the hook ended it or missed some. */
static double seen_factor(uint64_t allocated)
{
    uint64_t seen = allocation_window.seen;
    if (!seen || allocated <= seen + seen / 20) return 1.0;
    return (double)allocated / (double)seen;
}

/* How far the window lies from what all of them say, of the classes that it should have seen as well as of those it saw. */
static double spread(const struct share_base *base, double y)
{
    double squares = 0;
    for (uint32_t i = 0; i < sampled_classes_size(); i++) {
        const struct share_counter *counter = &sampled_classes_at(i)->allocations;
        double apart = counter->in_window - (counter->total.x + counter->in_window) / base->y * y;
        squares += apart * apart;
    }
    return squares;
}

static void digest_classes(struct window_digest *digest, double weight, double y)
{
    const struct allocation_window *window = &allocation_window;
    for (size_t i = 0; i < window->touched_count; i++) {
        const struct window_class *seen = &window->classes[window->touched[i]];
        uint32_t index = sampled_classes_intern(seen->klass);
        sampled_classes_at(index)->allocations.in_window += (double)seen->count * weight;
    }
    sampled_classes_at(SAMPLED_INTERNAL)->allocations.in_window += (double)window->internal * weight;
    sampled_classes_at(SAMPLED_OTHER)->allocations.in_window += (double)window->uncounted * weight;
    digest->spread = y > 0 ? spread(digest->base, y) : 0;
    /* Several class words may be one class: closed once all are in. */
    for (size_t i = 0; i < window->touched_count; i++) {
        uint32_t index = sampled_classes_intern(window->classes[window->touched[i]].klass);
        struct share_counter *counter = &sampled_classes_at(index)->allocations;
        if (counter->in_window > 0) share_counter_close(counter, y);
    }
    share_counter_close(&sampled_classes_at(SAMPLED_INTERNAL)->allocations, y);
    share_counter_close(&sampled_classes_at(SAMPLED_OTHER)->allocations, y);
}

/* Answers how many, or -1 when there is no room for them. The frame that the VM puts below the program's first has no line and
 * tells nothing. */
static int intern_frames(const struct window_sample *sample, struct call_frame *frames)
{
    int count = sample->frame_count;
    for (int i = 0; i < count; i++) {
        frames[i].frame = frame_table_intern(allocation_window.frames[sample->frames_at + (uint32_t)i]);
        frames[i].line = allocation_window.lines[sample->frames_at + (uint32_t)i];
        if (frames[i].frame == FRAME_NONE) return -1;
    }
    bool dummy = count && !frames[count - 1].line && frame_table_at(frames[count - 1].frame)->kind != FRAME_C;
    return dummy ? count - 1 : count;
}

static bool digest_sample(struct window_digest *digest, const struct window_sample *sample, double weight)
{
    struct call_frame frames[WINDOW_STACK_MAX];
    int frame_count = intern_frames(sample, frames);
    if (frame_count < 0) return false;
    uint32_t class_index = sampled_classes_intern(sample->klass);
    uint32_t stack = call_sites_add(class_index, sample->span, frames, (size_t)frame_count, weight);
    if (stack == CALL_SITE_NONE) return false;
    retained_set_add(sample, stack, class_index, weight * digest->scale, digest->number);
    return true;
}

static double weight_of_sample(double weight, double y)
{
    const struct allocation_window *window = &allocation_window;
    double expected = (double)window->seen / window->stack_every;
    if (!window->sample_count) return 0;
    if (expected >= SAMPLES_FOR_RATIO) return y / (double)window->sample_count;
    /* Those there was no room for are stood for by those there was. */
    return weight * window->stack_every *
           (1.0 + (double)window->samples_missed / (double)window->sample_count);
}

static void digest_samples(struct window_digest *digest, double weight, double y)
{
    uint64_t deadline_ns = monotonic_ns() + DIGEST_MAX_NS, lookups = frame_table_lookups();
    double each = weight_of_sample(weight, y);
    bool full = false;
    for (size_t i = 0; i < allocation_window.sample_count && !full; i++) {
        full = !digest_sample(digest, &allocation_window.samples[i], each);
        digest->stacks += !full;
        if (full) digest->missed += allocation_window.sample_count - i;
        /* Only stacks that were never seen take long. */
        if (frame_table_lookups() == lookups || monotonic_ns() < deadline_ns) continue;
        digest->missed += allocation_window.sample_count - i - 1;
        break;
    }
    call_sites_close_window(y);
    if (full) call_sites_compact();
}

void window_digest_run(struct window_digest *digest)
{
    double weight = digest->weight * seen_factor(digest->allocated);
    double y = (double)allocation_window.seen * weight;
    share_base_close(digest->base, y);
    digest_classes(digest, weight, y);
    digest_samples(digest, weight, y);
    retained_set_choose(digest->room);
}
