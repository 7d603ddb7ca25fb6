#include "sampling/allocation_sampler.h"

#include "base/agent_cost.h"
#include "base/clock.h"
#include "sampling/call_sites.h"
#include "sampling/frame_table.h"
#include "sampling/retained_set.h"
#include "sampling/sampled_classes.h"
#include "sampling/sampling_support.h"
#include "sampling/window_runner.h"
#include "spans/spans.h"
#include "vm/arming.h"
#include "vm/guarded_call.h"

/* Classes and code the program has dropped are let go after this time. */
#define LET_GO_EVERY_NS MS_TO_NS(60000)

static struct {
    enum sampler_state state; /* never SAMPLER_BACKING_OFF: that is for the governor to say */
    const char *reason;
    bool prepared;
    uint64_t let_go_ns;
    struct share_base reported;
} sampler;

/* --- life --------------------------------------------------------------------------------------------------------------------- */

static void (*call_for_visit)(void);

static void after_window(void)
{
    if (retained_set_waiting_p()) call_for_visit();
}

void allocation_sampler_init(void (*call)(void))
{
    call_for_visit = call;
    window_runner_init(after_window);
    sampling_support_init();
}

static VALUE prepare(VALUE unused)
{
    if (!sampler.prepared) {
        frame_table_init();
        sampled_classes_init();
        sampler.prepared = true;
    }
    window_runner_prepare();
    retained_set_stop();
    call_sites_clear();
    frame_table_clear();
    sampled_classes_clear();
    if (!sampling_support_retained_problem()) retained_set_start();
    return unused;
}

static void refuse(const char *reason)
{
    sampler.state = SAMPLER_REFUSED;
    sampler.reason = reason;
}

static void start(const struct agent_config *config)
{
    const char *problem = sampling_support_problem();
    if (!problem && !window_runner_possible_p())
        problem = "other libraries have taken all of the VM's places for postponed jobs";
    if (problem) {
        refuse(problem);
        return;
    }
    if (!guarded_call(prepare, Qnil, NULL)) {
        agent_cost_add(COST_FAILURES, 1); /* an interrupt, or no memory: another try at the next turn */
        return;
    }
    if (sampler.state != SAMPLER_OFF || !arming_open_p()) return; /* another thread was quicker */
    problem = sampling_support_problem();                         /* or has started a Ractor */
    if (!problem && !window_runner_possible_p())
        problem = "other libraries have taken all of the VM's places for postponed jobs";
    if (problem) {
        refuse(problem);
        return;
    }
    sampler.reported = (struct share_base){0};
    sampler.let_go_ns = monotonic_ns();
    if (!window_runner_start(config->allocation_budget, config->allocation_stack_depth)) {
        refuse("the system gives no thread for the timer");
        return;
    }
    sampler.state = SAMPLER_ON;
    spans_follow_fibers(true);
}

static void switch_off(enum sampler_state state)
{
    if (sampler.state != SAMPLER_ON) return;
    sampler.state = state;
    spans_follow_fibers(false);
}

void allocation_sampler_stop(void)
{
    window_runner_stop();
    switch_off(SAMPLER_OFF);
}

void allocation_sampler_before_ractor(void)
{
    if (sampling_support_retained_problem()) retained_set_stop();
    const char *problem = sampling_support_problem();
    if (!problem) return;
    arming_ban(HOOK_NEW_OBJECTS);
    if (sampler.state != SAMPLER_ON) return; /* when it is asked for it says so itself */
    allocation_sampler_stop();
    retained_set_stop();
    refuse(problem);
}

void allocation_sampler_after_fork(void)
{
    window_runner_after_fork();
    if (sampler.state == SAMPLER_ON) retained_set_stop();
    switch_off(SAMPLER_OFF); /* the child's reporter starts it afresh */
}

/* --- turns -------------------------------------------------------------------------------------------------------------------- */

static void keep_tables_fresh(uint64_t now_ns)
{
    if (now_ns - sampler.let_go_ns <= LET_GO_EVERY_NS) return;
    frame_table_let_go();
    sampled_classes_let_go();
    sampler.let_go_ns = now_ns;
}

bool allocation_sampler_follow(const struct agent_config *config)
{
    if (!config->allocation_sampling) {
        allocation_sampler_stop();
        return false;
    }
    if (sampler.state == SAMPLER_OFF) return true;
    if (sampler.state != SAMPLER_ON) return false;
    uint64_t now_ns = monotonic_ns();
    window_runner_adapt(config->allocation_budget, config->allocation_stack_depth);
    window_runner_attend();
    keep_tables_fresh(now_ns);
    return retained_set_waiting_p() || retained_set_survey_due(now_ns);
}

static VALUE survey_piece(VALUE now_ns)
{
    if (retained_set_survey_due((uint64_t)now_ns))
        retained_set_survey((uint64_t)now_ns);
    else
        retained_set_settle();
    return Qnil;
}

static VALUE survey_all(VALUE now_ns)
{
    retained_set_settle();
    while (retained_set_survey_due((uint64_t)now_ns) && !retained_set_survey((uint64_t)now_ns))
        rb_thread_schedule();
    return Qnil;
}

static void survey(VALUE (*work)(VALUE))
{
    uint64_t now_ns = monotonic_ns();
    if (!retained_set_waiting_p() && !retained_set_survey_due(now_ns)) return;
    uint64_t cpu_ns = thread_cpu_ns();
    bool running = retained_set_running_p();
    if (!guarded_call(work, (VALUE)now_ns, NULL)) agent_cost_add(COST_FAILURES, 1);
    if (running && !retained_set_running_p() && sampler.state == SAMPLER_ON)
        sampling_support_note_lives_lost();
    window_runner_charge(elapsed_ns(cpu_ns, thread_cpu_ns()));
}

void allocation_sampler_survey(void)
{
    survey(survey_all);
}

void allocation_sampler_visit(const struct agent_config *config)
{
    if (config->allocation_sampling && sampler.state == SAMPLER_OFF) start(config);
    survey(survey_piece);
}

/* --- reading ------------------------------------------------------------------------------------------------------------------ */

struct sampler_status allocation_sampler_status(void)
{
    struct window_figures figures = window_runner_figures();
    const struct sampling_governor *governor = figures.governor;
    const struct window_kind *usual = &governor->kinds.kinds[window_kinds_best(&governor->kinds)];
    struct sampler_status status = {
        .began = figures.began_ns || sampler.state == SAMPLER_REFUSED,
        .state = sampler.state,
        .reason = sampler.state == SAMPLER_REFUSED ? sampler.reason : NULL,
        .windows = figures.windows,
        .sampled_objects = figures.sampled_objects,
        .stacks = figures.stacks,
        .samples_missed = figures.samples_missed,
        .stacks_evicted = call_sites_evicted(),
        .since_s = figures.began_ns ? (double)(monotonic_ns() - figures.began_ns) / 1e9 : 0,
        .cost_share = sampling_governor_share(governor),
        .retained = retained_set_running_p(),
        .retained_reason = sampling_support_retained_problem(),
        .retained_watched = retained_set_watched(),
        .retained_missed = retained_set_missed(),
        .base = figures.base,
        .reported = sampler.reported,
        .gap_ns = usual->gap_ns,
        .length_ns = usual->length_ns,
        .cap = governor->cap,
        .digest_ns = figures.digest_ns,
        .stack_every = governor->stack_every,
        .object_ns = governor->object_ns,
        .stack_ns = governor->stack_ns,
        .burst_ns = governor->burst_ns,
        .overhead_ns = governor->overhead_ns};
    if (status.state == SAMPLER_ON && governor->backing_off) {
        status.state = SAMPLER_BACKING_OFF;
        status.reason = "sampling costs more than its budget even at the widest gap";
    }
    return status;
}

void allocation_sampler_mark_reported(void)
{
    sampler.reported = window_runner_figures().base;
    for (uint32_t i = 0; i < sampled_classes_size(); i++)
        sampled_classes_at(i)->allocations.reported = sampled_classes_at(i)->allocations.total;
    for (uint32_t i = 0; i < call_sites_count(); i++)
        call_site_at(i)->allocations.reported = call_site_at(i)->allocations.total;
    for (uint32_t i = 0; i < call_spans_count(); i++)
        call_span_at(i)->allocations.reported = call_span_at(i)->allocations.total;
    for (uint32_t i = 0; i < call_stacks_count(); i++)
        call_stack_at(i)->reported = call_stack_at(i)->weight;
}
