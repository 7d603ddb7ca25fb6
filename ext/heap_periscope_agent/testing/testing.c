#include "testing/testing.h"

#include "base/clock.h"
#include "gc/pause_histogram.h"
#include "heap/class_table.h"
#include "heap/heap_census.h"
#include "heap/heap_pages.h"
#include "heap/page_set.h"
#include "heap/platform_classes.h"
#include "reporter/synchronous_report.h"
#include "testing/leak_testing.h"
#include "testing/sampling_testing.h"
#include "testing/span_testing.h"
#include "testing/wire_testing.h"
#include "vm/arming.h"
#include "vm/guarded_call.h"
#include "vm/gvl_turn.h"
#include "vm/postponed_job.h"
#include "vm/vm.h"
#include "wire/delivery.h"

#include <pthread.h>
#include <ruby/thread.h>
#include <stdatomic.h>

/* Nanoseconds a walk takes that reads nothing but the flags. */
static VALUE bare_walk_ns(VALUE self)
{
    (void)self;
    uint64_t began_ns = monotonic_ns();
    heap_census_bare_walk();
    return ULL2NUM(monotonic_ns() - began_ns);
}

/* How often the VM was asked for its pages. */
static VALUE heap_page_listings(VALUE self)
{
    (void)self;
    return ULL2NUM(heap_pages_listing());
}

static void list_without_memory(int (*callback)(void *, void *, size_t, void *), void *data)
{
    (void)callback;
    (void)data;
    rb_memerror();
}

static VALUE yield(VALUE unused)
{
    return rb_yield(unused);
}

static VALUE list_again(VALUE real)
{
    vm = *(struct vm_functions *)real;
    return Qnil;
}

/* without_page_lists { … }: meanwhile the VM has no memory to list its pages. Answers how many censuses are alive afterwards. */
static VALUE without_page_lists(VALUE self)
{
    (void)self;
    struct vm_functions real = vm;
    vm.each_objects = list_without_memory;
    rb_ensure(yield, Qnil, list_again, (VALUE)&real);
    return SIZET2NUM(heap_census_alive());
}

static VALUE census_figures(const struct census_result *result)
{
    VALUE figures = rb_hash_new();
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"objects", result->objects},
                  {"total_slots", result->total_slots},
                  {"slices", result->cost.slices},
                  {"gvl_ns", result->cost.gvl_ns},
                  {"longest_slice_ns", result->cost.longest_slice_ns},
                  {"stall_ns", result->cost.stall_ns},
                  {"longest_stall_ns", result->cost.longest_stall_ns},
                  {"wall_ns", result->cost.wall_ns},
                  {"collections", result->cost.collections}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        rb_hash_aset(figures, ID2SYM(rb_intern(counts[i].key)), ULL2NUM(counts[i].value));
    rb_hash_aset(figures, ID2SYM(rb_intern("complete")), result->complete ? Qtrue : Qfalse);
    return figures;
}

static VALUE class_rows(const struct census_result *result)
{
    VALUE rows = rb_hash_new();
    for (size_t i = 0; i < result->class_count; i++)
        rb_hash_aset(rows, rb_utf8_str_new_cstr(result->classes[i].name),
                     rb_ary_new_from_args(
                         4, ULL2NUM(result->classes[i].count), ULL2NUM(result->classes[i].bytes),
                         ULL2NUM(result->classes[i].old_count), ULL2NUM(result->classes[i].old_bytes)));
    return rows;
}

static VALUE type_rows(const struct census_result *result)
{
    VALUE rows = rb_ary_new();
    for (size_t i = 0; i < HEAP_CENSUS_TYPES; i++)
        rb_ary_push(rows, ULL2NUM(result->types[i]));
    return rows;
}

/* The answer to a spec is built without the stress that the spec puts on the walk: it has thousands of parts. */
static VALUE census_answer(struct census_result *result)
{
    VALUE stress = rb_funcall(rb_mGC, rb_intern("stress"), 0);
    rb_funcall(rb_mGC, rb_intern("stress="), 1, Qfalse);
    VALUE figures = census_figures(result);
    rb_hash_aset(figures, ID2SYM(rb_intern("types")), type_rows(result));
    rb_hash_aset(figures, ID2SYM(rb_intern("classes")), class_rows(result));
    census_result_free(result);
    rb_funcall(rb_mGC, rb_intern("stress="), 1, stress);
    return figures;
}

/* census(by_class, bytes, slice_ns) { between two slices } → {figures…, types: [32 counts], classes: {name => [count, bytes, old count, old bytes]}} */
static VALUE census(VALUE self, VALUE by_class, VALUE bytes, VALUE slice_ns)
{
    (void)self;
    struct census_result result = {0};
    if (!vm.each_objects) rb_raise(rb_eNotImpError, "%s", vm_missing(0));
    struct heap_census *walk = heap_census_begin(RTEST(by_class), RTEST(bytes));
    if (!walk) rb_memerror();
    while (!heap_census_step(walk, NUM2ULL(slice_ns))) {
        int failed = 0;
        if (rb_block_given_p()) rb_protect(rb_yield, Qnil, &failed);
        if (!failed) continue;
        heap_census_abandon(walk);
        rb_jump_tag(failed);
    }
    heap_census_finish(walk, &result);
    census_result_sort(&result);
    return census_answer(&result);
}

static VALUE platform_class(VALUE self, VALUE name)
{
    (void)self;
    return platform_class_p(StringValueCStr(name)) ? Qtrue : Qfalse;
}

static VALUE bucket_counts(const uint32_t *counts)
{
    VALUE list = rb_ary_new();
    for (size_t i = 0; i < PAUSE_BUCKETS; i++)
        rb_ary_push(list, UINT2NUM(counts[i]));
    return list;
}

/* pauses([[ns, major], …], [quantile, …]) → [count, total ns, max ns, [minor by bucket], [major by bucket], [ns by quantile]] */
static VALUE pauses(VALUE self, VALUE rows, VALUE quantiles)
{
    (void)self;
    struct pause_histogram histogram = {0};
    for (long i = 0; i < RARRAY_LEN(rows); i++) {
        VALUE row = RARRAY_AREF(rows, i);
        pause_histogram_add(&histogram, NUM2ULL(RARRAY_AREF(row, 0)), RTEST(RARRAY_AREF(row, 1)));
    }
    VALUE lengths = rb_ary_new();
    for (long i = 0; i < RARRAY_LEN(quantiles); i++)
        rb_ary_push(lengths,
                    ULL2NUM(pause_histogram_quantile(&histogram, NUM2DBL(RARRAY_AREF(quantiles, i)))));
    return rb_ary_new_from_args(6, ULL2NUM(histogram.count), ULL2NUM(histogram.total_ns),
                                ULL2NUM(histogram.max_ns), bucket_counts(histogram.minor),
                                bucket_counts(histogram.major), lengths);
}

/* page_set([[room to make or nil, page, …], …]) → [[new to the set?, …], …]: each list makes room first, then adds its pages. */
static VALUE page_set_answers(VALUE self, VALUE lists)
{
    (void)self;
    struct page_set set = {0};
    VALUE answers = rb_ary_new();
    for (long i = 0; i < RARRAY_LEN(lists); i++) {
        VALUE list = RARRAY_AREF(lists, i), answer = rb_ary_new();
        if (!NIL_P(RARRAY_AREF(list, 0)) && !page_set_reserve(&set, NUM2SIZET(RARRAY_AREF(list, 0))))
            rb_memerror();
        for (long j = 1; j < RARRAY_LEN(list); j++)
            rb_ary_push(answer,
                        page_set_add(&set, (uintptr_t)NUM2ULL(RARRAY_AREF(list, j))) ? Qtrue : Qfalse);
        rb_ary_push(answers, answer);
    }
    page_set_free(&set);
    return answers;
}

/* class_table([[klass word, type, count, bytes], …]) → the same, summed, in order of first sight */
static VALUE class_table_sums(VALUE self, VALUE rows)
{
    (void)self;
    struct class_table table;
    class_table_init(&table);
    for (long i = 0; i < RARRAY_LEN(rows); i++) {
        VALUE row = RARRAY_AREF(rows, i);
        uint64_t key =
            class_table_key((uintptr_t)NUM2ULL(RARRAY_AREF(row, 0)), (uint8_t)NUM2UINT(RARRAY_AREF(row, 1)));
        for (uint64_t n = NUM2ULL(RARRAY_AREF(row, 2)); n > 0; n--) {
            struct class_table_sum *sum = class_table_sum(&table, key, n % CLASS_TABLE_LANES);
            sum->count++;
            sum->bytes += NUM2ULL(RARRAY_AREF(row, 3));
        }
    }
    class_table_flush(&table);
    VALUE sums = rb_ary_new();
    for (size_t i = 0; i < table.used; i++)
        rb_ary_push(sums,
                    rb_ary_new_from_args(4, ULL2NUM(table.entries[i].klass), UINT2NUM(table.entries[i].type),
                                         ULL2NUM(table.entries[i].count), ULL2NUM(table.entries[i].bytes)));
    class_table_free(&table);
    return sums;
}

struct delivery_times {
    struct delivery delivery;
    uint64_t encode_ns, send_ns;
};

static void *encode_and_send(void *argument)
{
    struct delivery_times *times = argument;
    uint64_t began_ns = monotonic_ns();
    delivery_encode(&times->delivery);
    times->encode_ns = monotonic_ns() - began_ns;
    delivery_send(&times->delivery);
    times->send_ns = monotonic_ns() - began_ns - times->encode_ns;
    return NULL;
}

/* delivery_times(n) → {gvl_us: [n], encode_us: [n], send_us: [n]} of n detailed snapshots, each with one census beforehand */
static VALUE delivery_times(VALUE self, VALUE repeats)
{
    (void)self;
    VALUE gvl = rb_ary_new(), encode = rb_ary_new(), send = rb_ary_new(), all = rb_hash_new();
    for (long i = 0; i < NUM2LONG(repeats); i++) {
        struct report *report = synchronous_collect(COLLECT_CENSUS | COLLECT_CLASSES);
        if (!report) rb_memerror();
        uint64_t began_ns = monotonic_ns();
        report_collect_snapshot(report);
        rb_ary_push(gvl, DBL2NUM((double)(monotonic_ns() - began_ns) / 1e3));
        report_complete(report, NULL);
        struct delivery_times times = {.delivery = {.report = report}};
        rb_thread_call_without_gvl(encode_and_send, &times, NULL, NULL);
        report_free(report);
        rb_ary_push(encode, DBL2NUM((double)times.encode_ns / 1e3));
        rb_ary_push(send, DBL2NUM((double)times.send_ns / 1e3));
    }
    rb_hash_aset(all, ID2SYM(rb_intern("gvl_us")), gvl);
    rb_hash_aset(all, ID2SYM(rb_intern("encode_us")), encode);
    rb_hash_aset(all, ID2SYM(rb_intern("send_us")), send);
    return all;
}

/* --- memory of the process ------------------------------------------------------------------------------------------------ */

/* follow_memory → {rss_bytes:, private_bytes:, readings:} as a reporter that asks again and again sees it */
static VALUE follow_memory(VALUE self)
{
    (void)self;
    static struct process_memory_watch watch;
    static uint64_t readings;
    uint64_t due_ns = watch.due_ns;
    process_memory_follow(&watch);
    readings += watch.due_ns != due_ns;
    VALUE seen = rb_hash_new();
    rb_hash_aset(seen, ID2SYM(rb_intern("rss_bytes")), LL2NUM(watch.last.rss_bytes));
    rb_hash_aset(seen, ID2SYM(rb_intern("private_bytes")), LL2NUM(watch.last.private_bytes));
    rb_hash_aset(seen, ID2SYM(rb_intern("readings")), ULL2NUM(readings));
    return seen;
}

/* --- postponed jobs ------------------------------------------------------------------------------------------------------- */

#define STORM_THREADS 16

static struct postponed_job storm_job;
static uint64_t storm_runs;
static atomic_bool storm_over;

static void count_run(void *unused)
{
    (void)unused;
    storm_runs++;
}

static void *trigger_without_end(void *unused)
{
    while (!atomic_load(&storm_over))
        postponed_job_trigger(&storm_job);
    return unused;
}

/* storm_of_jobs(threads) { … } → how often the job ran while bare threads triggered it without a break */
static VALUE storm_of_jobs(VALUE self, VALUE count)
{
    (void)self;
    pthread_t threads[STORM_THREADS];
    int failed = 0, started = 0, wanted = NUM2INT(count);
    if (!storm_job.work) postponed_job_init(&storm_job, count_run);
    storm_runs = 0;
    arming_open();
    atomic_store(&storm_over, false);
    while (started < wanted && started < STORM_THREADS &&
           pthread_create(&threads[started], NULL, trigger_without_end, NULL) == 0)
        started++;
    rb_protect(rb_yield, Qnil, &failed);
    atomic_store(&storm_over, true);
    while (started)
        pthread_join(threads[--started], NULL);
    arming_close();
    if (failed) rb_jump_tag(failed);
    return ULL2NUM(storm_runs);
}

/* armed → what is set of [:arming, :new_objects, :collections, :markings, :fibers] */
static VALUE armed(VALUE self)
{
    static const char *const names[] = {[HOOK_NEW_OBJECTS] = "new_objects",
                                        [HOOK_COLLECTIONS] = "collections",
                                        [HOOK_MARKINGS] = "markings",
                                        [HOOK_FIBERS] = "fibers"};
    _Static_assert(sizeof names / sizeof *names == ARMING_HOOKS, "each hook has a name");
    VALUE all = rb_ary_new();
    (void)self;
    if (arming_open_p()) rb_ary_push(all, ID2SYM(rb_intern("arming")));
    for (enum arming_hook hook = 0; hook < ARMING_HOOKS; hook++)
        if (arming_hook_on_p(hook)) rb_ary_push(all, ID2SYM(rb_intern(names[hook])));
    return all;
}

/* arm → which hooks could be set */
static VALUE arm(VALUE self)
{
    for (enum arming_hook hook = 0; hook < ARMING_HOOKS; hook++)
        arming_hook_on(hook);
    return armed(self);
}

/* guarded { … }: false when the block raised. What waits meanwhile comes out of it. */
static VALUE guarded(VALUE self)
{
    (void)self;
    return guarded_call(yield, Qnil, NULL) ? Qtrue : Qfalse;
}

static void fail(void *unused)
{
    (void)unused;
    rb_raise(rb_eNoMemError, "a turn that fails");
}

static void *offer_failure(void *unused)
{
    gvl_turn_run(fail, NULL);
    return unused;
}

/* failing_turn: offers a turn that raises, and comes back when it is over */
static VALUE failing_turn(VALUE self)
{
    rb_thread_call_without_gvl(offer_failure, NULL, NULL, NULL);
    return self;
}

void testing_init(VALUE agent)
{
    VALUE testing = rb_define_module_under(agent, "Testing");
    sampling_testing_init(testing);
    rb_define_singleton_method(testing, "delivery_times", delivery_times, 1);
    leak_testing_init(testing);
    span_testing_init(testing);
    wire_testing_init(testing);
    rb_define_singleton_method(testing, "bare_walk_ns", bare_walk_ns, 0);
    rb_define_singleton_method(testing, "heap_page_listings", heap_page_listings, 0);
    rb_define_singleton_method(testing, "census", census, 3);
    rb_define_singleton_method(testing, "without_page_lists", without_page_lists, 0);
    rb_define_singleton_method(testing, "follow_memory", follow_memory, 0);
    rb_define_singleton_method(testing, "guarded", guarded, 0);
    rb_define_singleton_method(testing, "failing_turn", failing_turn, 0);
    rb_define_singleton_method(testing, "armed", armed, 0);
    rb_define_singleton_method(testing, "arm", arm, 0);
    rb_define_singleton_method(testing, "storm_of_jobs", storm_of_jobs, 1);
    rb_define_singleton_method(testing, "platform_class?", platform_class, 1);
    rb_define_singleton_method(testing, "pauses", pauses, 2);
    rb_define_singleton_method(testing, "page_set", page_set_answers, 1);
    rb_define_singleton_method(testing, "class_table", class_table_sums, 1);
}
