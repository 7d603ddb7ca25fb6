#include "vm/guarded_call.h"

static ID id_handle_interrupt, id_pending_interrupt;
static VALUE never, immediate; /* masks */
static VALUE masked_for_life;  /* the reporter's thread */

struct call {
    VALUE (*code)(VALUE);
    VALUE argument, result;
    bool began, raised;
};

static VALUE mask_of(const char *timing)
{
    /* By identity, so that Ruby 3.3 and newer take it as it is. */
    VALUE mask = rb_funcall(rb_hash_new(), rb_intern("compare_by_identity"), 0);
    rb_hash_aset(mask, rb_cObject, ID2SYM(rb_intern(timing)));
    return rb_obj_freeze(mask);
}

/* --- errors of memory and stack ------------------------------------------------------------------------------------------------ */

/* The VM notes on the thread that such an error is under way, and forgets it when the error passes a frame of Ruby code. A thread that is
 * left with the note is not interrupted any more, nor switched away from, and its next such error ends the process. So the error is
 * raised once more, through a frame of Ruby code, which costs no memory. Interrupts cannot come in between. */
static VALUE ruby_frame, ruby_frame_arguments;
static int passing;

static VALUE pass(RB_BLOCK_CALL_FUNC_ARGLIST(yielded, unused))
{
    (void)yielded, (void)unused, (void)argc, (void)argv, (void)blockarg;
    rb_jump_tag(passing);
    return Qnil;
}

static VALUE pass_ruby_frame(VALUE unused)
{
    (void)unused;
    return rb_proc_call(ruby_frame, ruby_frame_arguments);
}

static bool error_p(VALUE error, VALUE class)
{
    if (RB_SPECIAL_CONST_P(error) || RB_BUILTIN_TYPE(error) == T_IMEMO) return false;
    return RTEST(rb_obj_is_kind_of(error, class));
}

/* Forgets what rb_protect has caught, for what was under way before. */
static void drop(int failed, VALUE under_way)
{
    VALUE error = rb_errinfo();
    if (error_p(error, rb_eNoMemError) || error_p(error, rb_eSysStackError)) {
        passing = failed;
        rb_protect(pass_ruby_frame, Qnil, &failed);
    }
    if (NIL_P(under_way) || error_p(under_way, rb_eException)) rb_set_errinfo(under_way);
}

bool guarded_exception_p(VALUE error)
{
    return error_p(error, rb_eException);
}

void guarded_drop(int failed)
{
    drop(failed, Qnil);
}

void guarded_call_init(void)
{
    id_handle_interrupt = rb_intern("handle_interrupt");
    id_pending_interrupt = rb_intern("pending_interrupt?");
    const struct {
        VALUE *place, value;
    } kept[] = {{&masked_for_life, Qnil},
                {&never, mask_of("never")},
                {&immediate, mask_of("immediate")},
                {&ruby_frame, rb_eval_string("->(pass) { pass.call }")},
                {&ruby_frame_arguments, rb_ary_new_from_args(1, rb_proc_new(pass, Qnil))}};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        rb_gc_register_address(kept[i].place);
        *kept[i].place = kept[i].value;
    }
}

/* --- guards -------------------------------------------------------------------------------------------------------------------- */

static bool protect(struct call *call)
{
    int failed = 0;
    VALUE under_way = rb_errinfo();
    call->result = rb_protect(call->code, call->argument, &failed);
    call->raised = failed;
    if (failed) drop(failed, under_way);
    return !failed;
}

bool guarded_c_call(VALUE (*code)(VALUE), VALUE argument, VALUE *result)
{
    struct call call = {.code = code, .argument = argument};
    if (!protect(&call)) return false;
    if (result) *result = call.result;
    return true;
}

static VALUE run(RB_BLOCK_CALL_FUNC_ARGLIST(yielded, data))
{
    (void)yielded, (void)argc, (void)argv, (void)blockarg;
    struct call *call = (struct call *)data;
    call->began = true;
    return call->code(call->argument);
}

static VALUE run_under(VALUE *mask, struct call *call)
{
    return rb_block_call(rb_cThread, id_handle_interrupt, 1, mask, run, (VALUE)call);
}

VALUE interrupts_wait(VALUE (*code)(VALUE), VALUE argument)
{
    struct call call = {.code = code, .argument = argument};
    return run_under(&never, &call);
}

static VALUE protect_call(VALUE call)
{
    protect((struct call *)call);
    return Qnil;
}

static VALUE protect_under_mask(VALUE masked)
{
    return run_under(&never, (struct call *)masked);
}

bool guarded_call(VALUE (*code)(VALUE), VALUE argument, VALUE *result)
{
    struct call call = {.code = code, .argument = argument};
    if (rb_thread_current() == masked_for_life) {
        protect(&call);
    } else {
        struct call masked = {.code = protect_call, .argument = (VALUE)&call};
        int failed = 0;
        VALUE under_way = rb_errinfo();
        rb_protect(protect_under_mask, (VALUE)&masked, &failed);
        if (failed && masked.began) rb_jump_tag(failed); /* what has waited */
        if (failed) drop(failed, under_way);             /* no memory for the mask */
        call.raised |= failed;
    }
    if (result && !call.raised) *result = call.result;
    return !call.raised;
}

/* --- the reporter's thread ---------------------------------------------------------------------------------------------------- */

static VALUE end_life(VALUE unused)
{
    if (masked_for_life == rb_thread_current()) masked_for_life = Qnil;
    return unused;
}

static VALUE live(VALUE call)
{
    return run_under(&never, (struct call *)call);
}

VALUE interrupts_wait_for_life(VALUE (*code)(VALUE), VALUE argument)
{
    struct call call = {.code = code, .argument = argument};
    masked_for_life = rb_thread_current();
    return rb_ensure(live, (VALUE)&call, end_life, Qnil);
}

static VALUE ask_pending(VALUE thread)
{
    return rb_funcall(thread, id_pending_interrupt, 0);
}

bool interrupts_waiting_p(void)
{
    VALUE waiting = Qtrue; /* where a TracePoint raises: the thread had better look what is going on */
    guarded_c_call(ask_pending, rb_thread_current(), &waiting);
    return RTEST(waiting);
}

static VALUE check(VALUE unused)
{
    rb_thread_check_ints();
    return unused;
}

/* Whatever mask the thread has inherited from the one that made it. */
void interrupts_deliver(void)
{
    struct call call = {.code = check, .argument = Qnil};
    run_under(&immediate, &call);
}

static VALUE run_open(VALUE call)
{
    return run_under(&immediate, (struct call *)call);
}

int guarded_call_of_program(VALUE (*code)(VALUE), VALUE argument)
{
    static const VALUE *const errors[] = {&rb_eStandardError, &rb_eScriptError, &rb_eNoMemError,
                                          &rb_eSysStackError};
    struct call call = {.code = code, .argument = argument};
    int failed = 0;
    VALUE under_way = rb_errinfo();
    rb_protect(run_open, (VALUE)&call, &failed);
    for (size_t i = 0; failed && i < sizeof errors / sizeof *errors; i++) {
        if (!error_p(rb_errinfo(), *errors[i])) continue;
        drop(failed, under_way);
        return 0;
    }
    return failed;
}

void guarded_call_after_fork(void)
{
    masked_for_life = Qnil;
}
