#include "retained_set.h"

#include "clock.h"
#include "random_bits.h"
#include "thread_names.h"
#include "object_bytes.h"
#include "vm.h"

#include <math.h>
#include <string.h>

#define SURVEY_EVERY_NS MS_TO_NS(2000)
#define CROWDED         (RETAINED_MAX * 9 / 10)
#define FULL            (RETAINED_MAX * 3 / 4)
#define ROOMY           (RETAINED_MAX / 2)
/* Marking an entry of a WeakMap, from the measurements in docs/architecture.md. */
#define MARK_ENTRY_NS 80.0

const double retained_lifetime_bounds_s[SITE_LIFETIMES] = {1, 10, 60, 600, 3600, INFINITY};

static struct retained_record records[RETAINED_MAX];
static uint32_t free_list[RETAINED_MAX], free_count;
static VALUE map = Qnil;
static ID id_store, id_each, id_new;
static VALUE major_key;
static bool running, surveying;
static double keep_probability, wait_probability;
static uint64_t missed, surveyed_ns, collections_at_survey;
static _Atomic uint64_t map_bytes;
static uint32_t majors_at_survey;
static struct random_bits randomness;

/* --- life ---------------------------------------------------------------------------------------------------------------------- */

static void forget_records(void)
{
    memset(records, 0, sizeof records);
    for (uint32_t i = 0; i < RETAINED_MAX; i++)
        free_list[i] = RETAINED_MAX - 1 - i;
    free_count = RETAINED_MAX;
    newcomers_clear();
    wait_probability = 1.0;
}

static void on_move(const uint32_t *places)
{
    for (uint32_t i = 0; running && i < RETAINED_MAX; i++)
        if (records[i].used && records[i].stack != CALL_SITE_NONE)
            records[i].stack = places[records[i].stack];
}

static VALUE new_map(void)
{
    return rb_funcall(rb_path2class("ObjectSpace::WeakMap"), id_new, 0);
}

static void init_once(void)
{
    if (id_store) return;
    rb_gc_register_address(&map);
    newcomers_init();
    thread_names_init();
    id_each = rb_intern("each_pair");
    id_new = rb_intern("new");
    major_key = ID2SYM(rb_intern("major_gc_count"));
    call_sites_on_move(on_move);
    id_store = rb_intern("[]=");
}

void retained_set_start(void)
{
    init_once();
    map = new_map();
    forget_records();
    random_bits_seed(&randomness, 4);
    keep_probability = 1.0;
    missed = 0;
    surveyed_ns = monotonic_ns();
    collections_at_survey = rb_gc_count();
    majors_at_survey = (uint32_t)rb_gc_stat(major_key);
    thread_names_clear();
    running = true;
}

void retained_set_seed(uint64_t number)
{
    randomness.state = number | 1;
}

void retained_set_stop(void)
{
    if (!running) return;
    running = surveying = false;
    map = Qnil;
    map_bytes = 0;
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
    free_list[free_count++] = number;
}

static bool watchable_p(VALUE object)
{
    return !RB_SPECIAL_CONST_P(object) && RBASIC(object)->klass && !vm_internal_object_p(object);
}

/* There are too many: half of those who wait, drawn at random, goes, and the rest counts double. */
static void thin_newcomers(void)
{
    for (uint32_t i = newcomers_count(); i--;) {
        uint32_t number = newcomers_at(i)->number;
        if (random_bits_next(&randomness) & 1) {
            release(number);
            newcomers_remove(i);
        } else {
            records[number].weight *= 2;
        }
    }
    wait_probability /= 2;
}

void retained_set_add(const struct newborn *newborn, uint32_t stack, uint32_t class_index, double weight,
                      uint64_t window)
{
    if (!running || !watchable_p(newborn->object)) return;
    if (newcomers_count() == NEWCOMERS_MAX) thin_newcomers();
    double probability = keep_probability * wait_probability;
    if (random_bits_unit(&randomness) >= probability) return;
    if (!free_count) {
        missed++;
        return;
    }
    uint64_t now_ns = monotonic_ns();
    uint32_t number = free_list[--free_count];
    records[number] = (struct retained_record){
        .used = true,
        .waiting = true,
        .group = (uint8_t)(window % RETAINED_GROUPS),
        .stack = stack,
        .class_index = class_index,
        .born_ns = now_ns,
        .last_seen_ns = now_ns,
        .weight = weight / probability,
    };
    if (stack != CALL_SITE_NONE) call_stack_at(stack)->watched++;
    uint32_t origin = stack == CALL_SITE_NONE ? class_index : call_stack_at(stack)->site;
    newcomers_add(&(struct newcomer){
        .born = *newborn, .number = number, .origin = (uint8_t)origin, .weight = &records[number].weight});
}

static void miss(const struct newcomer *newcomer)
{
    release(newcomer->number);
    missed++;
}

void retained_set_let_newcomers_go(void)
{
    for (struct newcomer newcomer; newcomers_take(&newcomer);)
        miss(&newcomer);
}

/* The object's life counts from here: so far it could not die. */
static void enter(struct newcomer *newcomer)
{
    struct retained_record *record = &records[newcomer->number];
    VALUE target = map;
    record->waiting = false;
    record->old = newcomer->old;
    record->thread = thread_names_number(newcomer->born.thread);
    record->born_major = (uint32_t)rb_gc_stat(major_key);
    record->born_collections = rb_gc_count();
    rb_funcall(target, id_store, 2, newcomer->born.object, UINT2NUM(newcomer->number));
    RB_GC_GUARD(newcomer->born.object);
    RB_GC_GUARD(target);
}

/* Others may come and wait meanwhile. */
static void enter_all(void)
{
    newcomers_let_go(rb_gc_stat(major_key));
    for (struct newcomer newcomer; newcomers_take(&newcomer);) {
        if (newcomer.born.object)
            enter(&newcomer);
        else
            miss(&newcomer);
    }
    wait_probability = 1.0;
}

/* --- survey -------------------------------------------------------------------------------------------------------------------- */

struct survey {
    uint64_t now_ns;
    uint64_t full_after_ns; /* a full collection has run since this moment; 0: none since the survey before */
    uint32_t majors;
    size_t collections;
    VALUE map;     /* that is asked */
    VALUE thinned; /* the map that replaces this one, or Qnil */
    size_t living;
};

static uint64_t bytes_of(VALUE object)
{
    switch (RB_BUILTIN_TYPE(object)) {
    case T_CLASS:
    case T_MODULE:
    case T_ICLASS: return sizeof(struct RBasic) + 3 * sizeof(VALUE); /* sizing one has crashed a VM */
    default: return object_bytes(object);
    }
}

/* Sizes are read once an object has outlived a collection, when whoever made it has surely finished it, and now and then again. */
static void note_living(struct retained_record *record, VALUE object, const struct survey *survey)
{
    uint32_t majors = survey->majors - record->born_major;
    record->majors = majors < 255 ? (uint8_t)majors : 255;
    record->tested = record->old ? majors > 0 : survey->collections > record->born_collections;
    if (survey->full_after_ns > record->born_ns)
        record->outlived_ns = survey->full_after_ns - record->born_ns;
    if (record->tested && (!record->bytes || random_bits_next(&randomness) % 4 == 0))
        record->bytes = bytes_of(object);
    record->last_seen_ns = survey->now_ns;
    record->seen = true;
}

static VALUE visit(RB_BLOCK_CALL_FUNC_ARGLIST(yielded, data))
{
    struct survey *survey = (struct survey *)data;
    (void)yielded, (void)blockarg;
    if (survey->map != map) return Qnil; /* the set was given up, or begun anew, by another thread */
    if (argc < 2 || !FIXNUM_P(argv[1])) return Qnil;
    unsigned long number = FIX2ULONG(argv[1]);
    if (number >= RETAINED_MAX || !records[number].used) return Qnil;
    struct retained_record *record = &records[number];
    survey->living++;
    if (NIL_P(survey->thinned)) {
        note_living(record, argv[0], survey);
    } else if (random_bits_next(&randomness) & 1) {
        rb_funcall(survey->thinned, id_store, 2, argv[0], argv[1]);
        record->weight *= 2;
        record->seen = true;
    }
    return Qnil;
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

static void sweep(uint64_t now_ns, bool died)
{
    for (uint32_t i = 0; i < RETAINED_MAX; i++) {
        if (!records[i].used || records[i].seen || records[i].waiting) continue;
        if (died) note_death(&records[i], now_ns);
        release(i);
    }
}

static void visit_all(struct survey *survey)
{
    for (uint32_t i = 0; i < RETAINED_MAX; i++)
        records[i].seen = false;
    survey->living = 0;
    survey->map = map;
    rb_block_call(survey->map, id_each, 0, NULL, visit, (VALUE)survey);
}

static void survey_all(uint64_t now_ns)
{
    enter_all();
    struct survey survey = {.now_ns = now_ns,
                            .majors = (uint32_t)rb_gc_stat(major_key),
                            .collections = rb_gc_count(),
                            .thinned = Qnil};
    if (survey.majors != majors_at_survey) survey.full_after_ns = surveyed_ns;
    surveyed_ns = now_ns;
    collections_at_survey = survey.collections;
    majors_at_survey = survey.majors;
    visit_all(&survey);
    if (survey.map != map) return;
    sweep(now_ns, true);

    if (survey.living > FULL) {
        survey.thinned = new_map();
        visit_all(&survey);
        if (survey.map != map) return;
        sweep(now_ns, false);
        map = survey.thinned;
        keep_probability /= 2;
    } else if (survey.living < ROOMY && keep_probability < 1.0) {
        keep_probability = keep_probability * 1.1 < 1.0 ? keep_probability * 1.1 : 1.0;
    }
    RB_GC_GUARD(survey.thinned);
    map_bytes = object_bytes(map);
}

static VALUE survey_of(VALUE now_ns)
{
    survey_all((uint64_t)now_ns);
    return Qnil;
}

static VALUE enter_of(VALUE unused)
{
    enter_all();
    return unused;
}

static VALUE end_survey(VALUE unused)
{
    surveying = false;
    return unused;
}

/* One at a time: both let other threads run. */
static bool alone(VALUE (*work)(VALUE), uint64_t now_ns)
{
    if (surveying) return false;
    surveying = true;
    rb_ensure(work, (VALUE)now_ns, end_survey, Qnil);
    return true;
}

bool retained_set_survey(uint64_t now_ns)
{
    return !running || alone(survey_of, now_ns);
}

void retained_set_enter(void)
{
    if (running) alone(enter_of, 0);
}

bool retained_set_window_over(void)
{
    if (!retained_set_newcomers_p()) return false;
    newcomers_sift();
    return true;
}

bool retained_set_newcomers_p(void)
{
    return running && newcomers_count();
}

bool retained_set_survey_due(uint64_t now_ns)
{
    if (!running) return false;
    if (RETAINED_MAX - free_count > CROWDED) return true;
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
    return map_bytes;
}

double retained_set_mark_cost_ns(void)
{
    return MARK_ENTRY_NS * (double)retained_set_watched();
}

/* --- reading ------------------------------------------------------------------------------------------------------------------ */

const struct retained_record *retained_records(void)
{
    return records;
}
