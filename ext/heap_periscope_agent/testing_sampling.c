#include "testing.h"

#ifdef HEAP_PERISCOPE_TESTING

#include "allocation_sampler.h"
#include "allocation_window.h"
#include "clock.h"
#include "retained_origins.h"
#include "retained_set.h"
#include "sampling_governor.h"
#include "share_estimate.h"
#include "thread_names.h"
#include "window_runner.h"
#include "window_timer.h"

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

/* retained_survey: at once, due or not. */
static VALUE retained_survey(VALUE self)
{
    (void)self;
    while (!retained_set_survey(monotonic_ns()))
        rb_thread_schedule();
    return SIZET2NUM(retained_set_watched());
}

/* retained_add(object, weight, window, class index): as if it had been sampled in that window, at no site. */
static VALUE retained_add(VALUE self, VALUE object, VALUE weight, VALUE window, VALUE class_index)
{
    (void)self;
    const struct newborn newborn = {object, Qnil, rb_gc_count()};
    retained_set_add(&newborn, CALL_SITE_NONE, NUM2UINT(class_index), NUM2DBL(weight), NUM2ULL(window));
    return Qnil;
}

/* retained_seed(number): what is drawn at random from now on is the same in every run. */
static VALUE retained_seed(VALUE self, VALUE number)
{
    (void)self;
    retained_set_seed(NUM2ULL(number));
    return Qnil;
}

/* retained_records → [[class index, bytes, weight, majors survived, tested, thread name], …] of those in use */
static VALUE retained_records_list(VALUE self)
{
    (void)self;
    VALUE rows = rb_ary_new();
    for (size_t i = 0; i < RETAINED_MAX; i++) {
        const struct retained_record *record = &retained_records()[i];
        if (!record->used) continue;
        rb_ary_push(rows, rb_ary_new_from_args(6, UINT2NUM(record->class_index), ULL2NUM(record->bytes),
                                               DBL2NUM(record->weight), UINT2NUM(record->majors),
                                               record->tested ? Qtrue : Qfalse,
                                               rb_utf8_str_new_cstr(thread_names_at(record->thread))));
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

void testing_sampling_init(VALUE testing)
{
    rb_define_singleton_method(testing, "sampler_plan", sampler_plan, 0);
    rb_define_singleton_method(testing, "fix_plan", fix_plan, 3);
    rb_define_singleton_method(testing, "share_estimate", estimate, 2);
    rb_define_singleton_method(testing, "governor", governor, 3);
    rb_define_singleton_method(testing, "window_kinds", window_kinds, 3);
    rb_define_singleton_method(testing, "retained_survey", retained_survey, 0);
    rb_define_singleton_method(testing, "retained_add", retained_add, 4);
    rb_define_singleton_method(testing, "retained_seed", retained_seed, 1);
    rb_define_singleton_method(testing, "retained_records", retained_records_list, 0);
    rb_define_singleton_method(testing, "retained_map_bytes", retained_map_bytes, 0);
    rb_define_singleton_method(testing, "retained_origins", retained_origins_list, 4);
}

#endif
