#include "sampling/retained_set.h"

#include "base/clock.h"
#include "base/random_bits.h"
#include "base/stack_scrub.h"
#include "gc/gc_epoch.h"
#include "heap/object_bytes.h"
#include "sampling/allocation_tracing.h"
#include "sampling/newcomers.h"

#include <math.h>
#include <string.h>

#define SURVEY_EVERY_NS MS_TO_NS(2000)
/* Where the program traces its allocations: asking for the dead makes exceptions. */
#define WAIT_FOR_TRACER_NS MS_TO_NS(60000)
#define PIECE_NS           (MS_TO_NS(1) * 3 / 4)
#define CROWDED            (RETAINED_MAX * 9 / 10)
#define FULL               (RETAINED_MAX * 3 / 4)
#define ROOMY              (RETAINED_MAX / 2)
/* Whoever has lived through so many collections is old: from then on only a full one can free it. */
#define OLD_AFTER 4
/* Marking an entry of a WeakMap, from the measurements in docs/architecture.md. */
#define MARK_ENTRY_NS 80.0

const double retained_lifetime_bounds_s[SITE_LIFETIMES] = {1, 10, 60, 600, 3600, INFINITY};

static struct retained_record records[RETAINED_MAX];
static uint32_t free_list[RETAINED_MAX], free_count;
static VALUE major_key;
static bool running, surveying;
static double keep_probability, tokens;
static double unknown_weight; /* of samples that may have died before they were digested */
static uint64_t missed, surveyed_ns, collections_at_survey, tokens_ns;
static uint32_t majors_at_survey;
static struct random_bits randomness;

/* The round of questions that is under way. */
static struct survey {
    bool begun;
    uint64_t now_ns;
    uint64_t full_after_ns; /* a full collection has run since this moment; 0: none since the survey before */
    uint32_t majors;
    size_t collections; /* that are over, but for their sweeping */
    size_t living;
} survey;

/* --- life ---------------------------------------------------------------------------------------------------------------------- */

static void forget_records(void)
{
    memset(records, 0, sizeof records);
    for (uint32_t i = 0; i < RETAINED_MAX; i++)
        free_list[i] = RETAINED_MAX - 1 - i;
    free_count = RETAINED_MAX;
    newcomers_clear();
}

static void on_move(const uint32_t *places)
{
    for (uint32_t i = 0; running && i < RETAINED_MAX; i++)
        if (records[i].used && records[i].stack != CALL_SITE_NONE)
            records[i].stack = places[records[i].stack];
}

static void init_once(void)
{
    if (major_key) return;
    weak_set_init();
    gc_epoch_init();
    call_sites_on_move(on_move);
    major_key = ID2SYM(rb_intern("major_gc_count"));
}

void retained_set_start(void)
{
    init_once();
    weak_set_start();
    forget_records();
    random_bits_seed(&randomness, 4);
    keep_probability = 1.0;
    unknown_weight = 0;
    missed = 0;
    surveyed_ns = tokens_ns = monotonic_ns();
    tokens = 0;
    collections_at_survey = rb_gc_count();
    majors_at_survey = (uint32_t)rb_gc_stat(major_key);
    survey = (struct survey){0};
    running = true;
}

void retained_set_seed(uint64_t number)
{
    randomness.state = number | 1;
}

void retained_set_stop(void)
{
    if (!running) return;
    running = false;
    weak_set_stop();
    newcomers_clear();
}

bool retained_set_running_p(void)
{
    return running;
}

/* --- adding -------------------------------------------------------------------------------------------------------------------- */

static void release(uint32_t number)
{
    struct retained_record *record = &records[number];
    if (record->stack != CALL_SITE_NONE) call_stack_at(record->stack)->watched--;
    record->used = false;
    weak_set_forget(number);
    free_list[free_count++] = number;
}

static void miss(uint32_t number)
{
    release(number);
    missed++;
}

/* Whether its fate is known depends on when it was made: the samples of the next window stand for it. */
static void stand_in_for(uint32_t number)
{
    unknown_weight += records[number].weight;
    release(number);
}

/* A death lies between the last time the object was seen and now. */
static void note_death(const struct retained_record *record, uint64_t now_ns)
{
    if (record->stack == CALL_SITE_NONE) return;
    double age_s = (double)((record->last_seen_ns - record->born_ns) + (now_ns - record->born_ns)) / 2e9;
    size_t bucket = 0;
    while (age_s > retained_lifetime_bounds_s[bucket])
        bucket++;
    call_site_at(call_stack_at(record->stack)->site)->deaths[bucket] += (float)record->weight;
}

static bool watchable_p(VALUE object)
{
    return !RB_SPECIAL_CONST_P(object) && RBASIC(object)->klass && !vm_internal_object_p(object);
}

static struct retained_record new_record(uint32_t stack, uint32_t class_index, double weight, uint64_t window)
{
    uint64_t now_ns = monotonic_ns();
    return (struct retained_record){
        .used = true,
        .group = (uint8_t)(window % RETAINED_GROUPS),
        .stack = stack,
        .class_index = class_index,
        .born_major = (uint32_t)rb_gc_stat(major_key),
        .asked_major = (uint32_t)rb_gc_stat(major_key),
        .born_collections = rb_gc_count(),
        .born_ns = now_ns,
        .last_seen_ns = now_ns,
        .weight = weight,
    };
}

/* False once a marking has ended that may have left it out. */
static bool surely_alive_p(const struct window_sample *sample)
{
    struct gc_epoch now = gc_epoch_now();
    return gc_epoch_same(&sample->born, &now);
}

void retained_set_add(const struct window_sample *sample, uint32_t stack, uint32_t class_index, double weight,
                      uint64_t window)
{
    if (!running || !sample->object || random_bits_unit(&randomness) >= keep_probability) return;
    struct retained_record record = new_record(stack, class_index, weight / keep_probability, window);
    if (!surely_alive_p(sample)) {
        unknown_weight += record.weight;
        return;
    }
    if (!free_count) {
        missed++;
        return;
    }
    if (!watchable_p(sample->object)) return;
    uint32_t number = free_list[free_count - 1];
    uint32_t origin = stack == CALL_SITE_NONE ? class_index : call_stack_at(stack)->site;
    const struct newcomer newcomer = {
        .sample = sample, .number = number, .origin = (uint8_t)origin, .weight = &records[number].weight};
    if (!newcomers_add(&newcomer)) return;
    free_count--;
    records[number] = record;
    if (stack != CALL_SITE_NONE) call_stack_at(stack)->watched++;
}

uint32_t retained_set_room(uint64_t now_ns, double budget)
{
    tokens += (double)(now_ns - tokens_ns) / 1e9 * RETAINED_NEW_PER_SECOND * budget;
    if (tokens > RETAINED_NEW_MAX) tokens = RETAINED_NEW_MAX;
    tokens_ns = now_ns;
    return tokens > 0 ? (uint32_t)tokens : 0;
}

/* The object is on the machine's stack before it is looked at whether it lives: no collection that begins later frees it. (An id for
 * garbage would be worse than none: giving it takes memory, for which the VM may sweep the garbage and hand its slot on.) */
static void watch(const struct newcomer *newcomer)
{
    struct retained_record *record = &records[newcomer->number];
    volatile VALUE object = newcomer->sample->object;
    if (surely_alive_p(newcomer->sample)) {
        record->class_id = rb_obj_id(rb_class_real(newcomer->sample->klass));
        if (!weak_set_enter(newcomer->number, object)) stand_in_for(newcomer->number);
    } else {
        stand_in_for(newcomer->number);
    }
    RB_GC_GUARD(object);
}

/* Whether a sample's fate is known depends on when it was made, not on what it is. */
static void stand_for_unknown(void)
{
    double known = 0;
    for (uint32_t i = 0; i < newcomers_count(); i++)
        known += *newcomers_at(i)->weight;
    if (known <= 0) return;
    double factor = 1 + unknown_weight / known;
    for (uint32_t i = 0; i < newcomers_count(); i++)
        *newcomers_at(i)->weight *= factor;
    unknown_weight = 0;
}

void retained_set_choose(uint32_t room)
{
    if (!running) return;
    stand_for_unknown();
    newcomers_choose(room);
    for (uint32_t i = newcomers_count(); i--;) {
        struct newcomer *newcomer = newcomers_at(i);
        if (newcomer->chosen)
            watch(newcomer);
        else
            release(newcomer->number);
        newcomer->number = RETAINED_MAX;
        tokens -= newcomer->chosen;
    }
}

void retained_set_window_over(void)
{
    for (uint32_t i = newcomers_count(); running && i--;)
        if (newcomers_at(i)->number < RETAINED_MAX) miss(newcomers_at(i)->number);
    newcomers_clear();
}

/* --- survey -------------------------------------------------------------------------------------------------------------------- */

static uint64_t bytes_of(VALUE object)
{
    switch (RB_BUILTIN_TYPE(object)) {
    case T_CLASS:
    case T_MODULE:
    case T_ICLASS: return sizeof(struct RBasic) + 3 * sizeof(VALUE); /* sizing one has crashed a VM */
    default: return object_bytes(object);
    }
}

/* Nobody can have died without a collection, and of the old nobody without a full one. */
static bool wanted(uint32_t number)
{
    const struct retained_record *record = &records[number];
    if (!record->used || survey.collections <= record->born_collections) return false;
    bool old = record->tested && record->majors && survey.collections >= record->born_collections + OLD_AFTER;
    return !old || record->asked_major != survey.majors;
}

/* Sizes are read once an object has outlived a collection, when whoever made it has surely finished it, and now and then again. */
static void note_living(struct retained_record *record, VALUE object)
{
    uint32_t majors = survey.majors - record->born_major;
    record->majors = majors < 255 ? (uint8_t)majors : 255;
    record->asked_major = survey.majors;
    record->tested = true;
    if (survey.full_after_ns > record->born_ns) record->outlived_ns = survey.full_after_ns - record->born_ns;
    if (!record->bytes || random_bits_next(&randomness) % 4 == 0) record->bytes = bytes_of(object);
    record->last_seen_ns = survey.now_ns;
}

static void on_dead(uint32_t number)
{
    if (!records[number].used) return;
    note_death(&records[number], survey.now_ns);
    release(number);
}

static void on_living(uint32_t number, VALUE object)
{
    if (!records[number].used) return;
    if (rb_obj_id(rb_class_real(RBASIC(object)->klass)) != records[number].class_id)
        on_dead(number);
    else
        note_living(&records[number], object);
}

static void on_dead_waiting(uint32_t number)
{
    note_death(&records[number], monotonic_ns());
    release(number);
}

static void on_lost(uint32_t number)
{
    stand_in_for(number);
    missed++;
}

static const struct weak_fates fates = {.dead = on_dead_waiting, .lost = on_lost};

static void begin_survey(uint64_t now_ns)
{
    struct gc_epoch epoch = gc_epoch_now();
    survey = (struct survey){.begun = true,
                             .now_ns = now_ns,
                             .majors = (uint32_t)rb_gc_stat(major_key),
                             .collections = gc_epoch_markings(&epoch)};
    if (survey.majors != majors_at_survey) survey.full_after_ns = surveyed_ns;
    surveyed_ns = now_ns;
    collections_at_survey = epoch.collections;
    majors_at_survey = survey.majors;
}

static void thin_out(void)
{
    for (uint32_t i = 0; i < RETAINED_MAX; i++) {
        if (!records[i].used) continue;
        if (random_bits_next(&randomness) & 1)
            release(i);
        else
            records[i].weight *= 2;
    }
    keep_probability /= 2;
    weak_set_tidy();
}

static void end_survey(void)
{
    survey.begun = false;
    if (RETAINED_MAX - free_count > FULL)
        thin_out();
    else if (RETAINED_MAX - free_count < ROOMY && keep_probability < 1.0)
        keep_probability = keep_probability * 1.1 < 1.0 ? keep_probability * 1.1 : 1.0;
}

static VALUE survey_piece(VALUE now_ns)
{
    const struct weak_question question = {wanted, on_living, on_dead, PIECE_NS};
    weak_set_settle(&fates);
    if ((uint64_t)now_ns - surveyed_ns < WAIT_FOR_TRACER_NS && allocation_tracing_p()) return Qtrue;
    if (!survey.begun) begin_survey((uint64_t)now_ns);
    bool over = weak_set_ask(&question);
    if (!weak_set_sound_p()) {
        retained_set_stop();
        return Qtrue;
    }
    if (over && running && survey.begun) end_survey();
    return over ? Qtrue : Qfalse;
}

static VALUE settle_all(VALUE unused)
{
    weak_set_settle(&fates);
    return unused;
}

static VALUE leave(VALUE unused)
{
    surveying = false;
    return unused;
}

/* One at a time: both let other threads run. No object's address stays behind on the machine's stack, where the collector would find it. */
static VALUE alone(VALUE (*work)(VALUE), uint64_t now_ns)
{
    if (surveying) return Qfalse;
    surveying = true;
    VALUE answer = rb_ensure(work, (VALUE)now_ns, leave, Qnil);
    stack_scrub();
    return answer;
}

bool retained_set_survey(uint64_t now_ns)
{
    return !running || RTEST(alone(survey_piece, now_ns));
}

void retained_set_settle(void)
{
    if (running) alone(settle_all, 0);
}

bool retained_set_waiting_p(void)
{
    return running && weak_set_waiting_p();
}

bool retained_set_survey_due(uint64_t now_ns)
{
    if (!running) return false;
    if (survey.begun || RETAINED_MAX - free_count > CROWDED) return true;
    return now_ns - surveyed_ns > SURVEY_EVERY_NS && rb_gc_count() != collections_at_survey;
}

size_t retained_set_watched(void)
{
    return running ? RETAINED_MAX - free_count : 0;
}

uint64_t retained_set_missed(void)
{
    return missed;
}

uint64_t retained_set_map_bytes(void)
{
    return weak_set_bytes();
}

double retained_set_mark_cost_ns(void)
{
    return weak_set_bytes() ? MARK_ENTRY_NS * (double)retained_set_watched() : 0;
}

/* --- reading ------------------------------------------------------------------------------------------------------------------ */

const struct retained_record *retained_records(void)
{
    return records;
}
