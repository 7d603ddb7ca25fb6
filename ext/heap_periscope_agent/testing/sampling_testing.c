#include "testing/sampling_testing.h"

#include "base/clock.h"
#include "sampling/allocation_sampler.h"
#include "sampling/allocation_window.h"
#include "sampling/retained_origins.h"
#include "sampling/retained_set.h"
#include "sampling/sampled_classes.h"
#include "sampling/sampling_governor.h"
#include "sampling/share_estimate.h"
#include "sampling/window_runner.h"
#include "sampling/window_timer.h"

static void set(VALUE hash, const char *key, VALUE value)
{
    rb_hash_aset(hash, ID2SYM(rb_intern(key)), value);
}

/* What the governor has planned, and what it measured. */
static VALUE sampler_plan(VALUE self)
{
    (void)self;
    struct sampler_status status = allocation_sampler_status();
    VALUE plan = rb_hash_new();
    set(plan, "gap_ns", ULL2NUM(status.gap_ns));
    set(plan, "length_ns", ULL2NUM(status.length_ns));
    set(plan, "burst_ns", DBL2NUM(status.burst_ns));
    set(plan, "cap", ULL2NUM(status.cap));
    set(plan, "stack_every", DBL2NUM(status.stack_every));
    set(plan, "object_ns", DBL2NUM(status.object_ns));
    set(plan, "stack_ns", DBL2NUM(status.stack_ns));
    set(plan, "overhead_ns", DBL2NUM(status.overhead_ns));
    set(plan, "timer_ns", ULL2NUM(window_timer_cpu_ns()));
    set(plan, "digest_ns", ULL2NUM(status.digest_ns));
    set(plan, "clusters", ULL2NUM(status.base.windows));
    return plan;
}

/* fix_plan(gap_ns, length_ns, stack_every): windows as a spec wants them, whatever they cost. */
static VALUE fix_plan(VALUE self, VALUE gap_ns, VALUE length_ns, VALUE stack_every)
{
    (void)self;
    window_runner_fix_plan(NUM2ULL(gap_ns), NUM2ULL(length_ns), NUM2DBL(stack_every));
    return Qnil;
}

/* share_estimate([[n_c, n, weight], …] for each window, allocated) → [share, share_error, objects, objects_error] */
static VALUE estimate(VALUE self, VALUE windows, VALUE allocated)
{
    (void)self;
    struct share_counter counter = {0};
    struct share_base base = {.allocated = NUM2ULL(allocated)};
    for (long i = 0; i < RARRAY_LEN(windows); i++) {
        VALUE window = RARRAY_AREF(windows, i);
        double weight = NUM2DBL(RARRAY_AREF(window, 2)), y = NUM2DBL(RARRAY_AREF(window, 1)) * weight;
        counter.in_window = NUM2DBL(RARRAY_AREF(window, 0)) * weight;
        share_counter_close(&counter, y);
        share_base_close(&base, y);
    }
    struct share_estimate result = share_estimate_of(&counter.total, &base);
    return rb_ary_new_from_args(4, DBL2NUM(result.share), DBL2NUM(result.share_error),
                                DBL2NUM(result.objects), DBL2NUM(result.objects_error));
}

static uint64_t fact(VALUE facts, const char *key)
{
    VALUE value = rb_hash_aref(facts, ID2SYM(rb_intern(key)));
    return NIL_P(value) ? 0 : NUM2ULL(value);
}

/* governor(budget, object_ns, [{elapsed_ns:, process_cpu_ns:, allocated:, seen:, stacks:, …}, …]) → [{gap_ns:, length_ns:, …}, …] */
static VALUE governor(VALUE self, VALUE budget, VALUE object_ns, VALUE notes)
{
    (void)self;
    struct sampling_governor plan;
    sampling_governor_init(&plan, NUM2DBL(budget), NUM2DBL(object_ns));
    VALUE plans = rb_ary_new();
    for (long i = 0; i < RARRAY_LEN(notes); i++) {
        VALUE note = RARRAY_AREF(notes, i);
        struct sampling_facts facts = {.elapsed_ns = fact(note, "elapsed_ns"),
                                       .process_cpu_ns = fact(note, "process_cpu_ns"),
                                       .allocated = fact(note, "allocated"),
                                       .seen = fact(note, "seen"),
                                       .stacks = fact(note, "stacks"),
                                       .stack_ns = fact(note, "stack_ns"),
                                       .latency_ns = fact(note, "latency_ns"),
                                       .overhead_ns = fact(note, "overhead_ns")};
        sampling_governor_note(&plan, &facts);
        VALUE answer = rb_hash_new();
        const struct window_kind *usual = &plan.kinds.kinds[window_kinds_best(&plan.kinds)];
        set(answer, "gap_ns", ULL2NUM(usual->gap_ns));
        set(answer, "length_ns", ULL2NUM(usual->length_ns));
        set(answer, "stack_every", DBL2NUM(plan.stack_every));
        set(answer, "backing_off", plan.backing_off ? Qtrue : Qfalse);
        rb_ary_push(plans, answer);
    }
    return plans;
}

/* window_kinds(shortest_ns, [gap_ns, …], [[kind, cost_ns, spread], …]) → [[length_ns, chance, cost_ns], …] */
static VALUE window_kinds(VALUE self, VALUE shortest_ns, VALUE gaps, VALUE notes)
{
    (void)self;
    struct window_kinds kinds = {0};
    window_kinds_plan_lengths(&kinds, NUM2DBL(shortest_ns));
    for (long i = 0; i < RARRAY_LEN(notes); i++) {
        VALUE note = RARRAY_AREF(notes, i);
        unsigned kind = NUM2UINT(RARRAY_AREF(note, 0)) % WINDOW_KINDS;
        window_kinds_note(&kinds, kind, NUM2DBL(RARRAY_AREF(note, 1)), NUM2DBL(RARRAY_AREF(note, 2)));
    }
    for (unsigned i = 0; i < WINDOW_KINDS; i++)
        kinds.kinds[i].gap_ns = NUM2ULL(RARRAY_AREF(gaps, i));
    window_kinds_plan_chances(&kinds);
    VALUE answer = rb_ary_new();
    for (unsigned i = 0; i < WINDOW_KINDS; i++)
        rb_ary_push(answer,
                    rb_ary_new_from_args(3, ULL2NUM(kinds.kinds[i].length_ns), DBL2NUM(kinds.kinds[i].chance),
                                         DBL2NUM(window_kinds_cost_ns(&kinds, i, 1e6))));
    return answer;
}

static void survey_to_the_end(void)
{
    while (retained_set_running_p() && !retained_set_survey(monotonic_ns()))
        rb_thread_schedule();
}

/* retained_survey: at once, due or not, and from its beginning. */
static VALUE retained_survey(VALUE self)
{
    (void)self;
    if (retained_set_survey_due(0)) survey_to_the_end();
    survey_to_the_end();
    return SIZET2NUM(retained_set_watched());
}

/* The samples of a window that is not open: the one that a spec makes up. */
static void add_samples(VALUE rows, uint64_t window)
{
    for (long i = 0; i < RARRAY_LEN(rows) && i < WINDOW_SAMPLES; i++) {
        VALUE row = RARRAY_AREF(rows, i), object = RARRAY_AREF(row, 0);
        struct window_sample *sample = &allocation_window.samples[i];
        *sample = (struct window_sample){.object = object, .born = gc_epoch_now(), .klass = CLASS_OF(object)};
        allocation_window.sample_count = (size_t)i + 1;
        retained_set_add(sample, CALL_SITE_NONE, NUM2UINT(RARRAY_AREF(row, 2)), NUM2DBL(RARRAY_AREF(row, 1)),
                         window);
        rb_ary_clear(row);
    }
}

/* retained_add([[object, weight, class index], …], window, room): as if they had been sampled in that window, at no site. `room` nil: all
 * are watched. A block runs between sampling and digestion, and after it the rows are emptied. */
static VALUE retained_add(VALUE self, VALUE rows, VALUE window, VALUE room)
{
    (void)self;
    if (allocation_window.open) return Qfalse;
    add_samples(rows, NUM2ULL(window));
    rb_ary_clear(rows);
    if (rb_block_given_p()) rb_yield(Qnil);
    retained_set_choose(NIL_P(room) ? WINDOW_SAMPLES : NUM2UINT(room));
    retained_set_window_over();
    allocation_window_clear();
    return Qtrue;
}

/* weak_set(name) → whether there is one of that name, which is used from the next start on. */
static VALUE use_weak_set(VALUE self, VALUE name)
{
    (void)self;
    return weak_set_use(StringValueCStr(name)) ? Qtrue : Qfalse;
}

/* become(object, class): makes it an object of another class. */
static VALUE become(VALUE self, VALUE object, VALUE klass)
{
    (void)self;
    return rb_obj_reveal(rb_obj_hide(object), klass);
}

/* hide(object): makes it one that no program may see. */
static VALUE hide(VALUE self, VALUE object)
{
    (void)self;
    rb_obj_hide(object);
    return Qnil;
}

/* survey_pieces → processor time of each piece of a survey, in ns */
static VALUE survey_pieces(VALUE self)
{
    (void)self;
    VALUE pieces = rb_ary_new();
    for (bool over = false; !over;) {
        uint64_t began_ns = thread_cpu_ns();
        over = retained_set_survey(monotonic_ns());
        rb_ary_push(pieces, ULL2NUM(thread_cpu_ns() - began_ns));
    }
    return pieces;
}

/* deaths(class name or nil) → objects of it, or of all, that died after having been sampled, estimated */
static VALUE deaths(VALUE self, VALUE name)
{
    (void)self;
    double sum = 0;
    for (uint32_t i = 0; i < call_sites_count(); i++) {
        const struct call_site *site = call_site_at(i);
        if (!NIL_P(name) && site->class_index != sampled_classes_named(StringValueCStr(name))) continue;
        for (size_t bucket = 0; bucket < SITE_LIFETIMES; bucket++)
            sum += site->deaths[bucket];
    }
    return DBL2NUM(sum);
}

/* retained_seed(number): what is drawn at random from now on is the same in every run. */
static VALUE retained_seed(VALUE self, VALUE number)
{
    (void)self;
    retained_set_seed(NUM2ULL(number));
    return Qnil;
}

/* retained_records → [[class index, bytes, weight, majors survived, tested], …] of those in use */
static VALUE retained_records_list(VALUE self)
{
    (void)self;
    VALUE rows = rb_ary_new();
    for (size_t i = 0; i < RETAINED_MAX; i++) {
        const struct retained_record *record = &retained_records()[i];
        if (!record->used) continue;
        rb_ary_push(rows, rb_ary_new_from_args(5, UINT2NUM(record->class_index), ULL2NUM(record->bytes),
                                               DBL2NUM(record->weight), UINT2NUM(record->majors),
                                               record->tested ? Qtrue : Qfalse));
    }
    return rows;
}

/* retained_map_bytes → Integer */
static VALUE retained_map_bytes(VALUE self)
{
    (void)self;
    return ULL2NUM(retained_set_map_bytes());
}

/* retained_origins(class name, born at most … s ago, settled after … s, by_bytes) → [[method, share], …] */
static VALUE retained_origins_list(VALUE self, VALUE name, VALUE since_s, VALUE settle_s, VALUE by_bytes)
{
    (void)self;
    struct retained_origins *origins = ZALLOC(struct retained_origins);
    const struct retained_growth growth = {.since_ns = monotonic_ns() - (uint64_t)(NUM2DBL(since_s) * 1e9),
                                           .settle_ns = (uint64_t)(NUM2DBL(settle_s) * 1e9),
                                           .by_bytes = RTEST(by_bytes)};
    retained_origins_of(StringValueCStr(name), &growth, origins);
    VALUE rows = rb_ary_new();
    for (size_t i = 0; i < origins->site_count; i++)
        rb_ary_push(rows, rb_assoc_new(rb_utf8_str_new_cstr(origins->sites[i].method),
                                       DBL2NUM(origins->sites[i].share)));
    xfree(origins);
    return rows;
}

void sampling_testing_init(VALUE testing)
{
    rb_define_singleton_method(testing, "sampler_plan", sampler_plan, 0);
    rb_define_singleton_method(testing, "fix_plan", fix_plan, 3);
    rb_define_singleton_method(testing, "share_estimate", estimate, 2);
    rb_define_singleton_method(testing, "governor", governor, 3);
    rb_define_singleton_method(testing, "window_kinds", window_kinds, 3);
    rb_define_singleton_method(testing, "retained_survey", retained_survey, 0);
    rb_define_singleton_method(testing, "retained_add", retained_add, 3);
    rb_define_singleton_method(testing, "become", become, 2);
    rb_define_singleton_method(testing, "hide", hide, 1);
    rb_define_singleton_method(testing, "survey_pieces", survey_pieces, 0);
    rb_define_singleton_method(testing, "deaths", deaths, 1);
    rb_define_singleton_method(testing, "weak_set", use_weak_set, 1);
    rb_define_singleton_method(testing, "retained_seed", retained_seed, 1);
    rb_define_singleton_method(testing, "retained_records", retained_records_list, 0);
    rb_define_singleton_method(testing, "retained_map_bytes", retained_map_bytes, 0);
    rb_define_singleton_method(testing, "retained_origins", retained_origins_list, 4);
}
