#include "spans/span_stack.h"

#include "vm/guarded_call.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 512

/* The innermost entry of a native thread. No __thread: the first look at one may ask for memory, and a hook looks. Under RUBY_MN_THREADS=1 a
 * Ruby thread has no native thread of its own, and asking the VM which fiber runs may allocate: there it is not known. */
static pthread_key_t current;
static bool current_known;
static ID id_stack;
static VALUE stack_class;

static void stack_mark(void *data)
{
    const struct span_stack *stack = data;

    rb_gc_mark(stack->owner);
    rb_gc_mark(stack->job);
    rb_gc_mark(stack->known.class);
    for (size_t i = 0; i < stack->depth; i++)
        rb_gc_mark(stack->calls[i].outer_job);
}

static void stack_free(void *data)
{
    struct span_stack *stack = data;

    if (stack->calls != stack->own_calls) free(stack->calls);
    ruby_xfree(stack);
}

static size_t stack_size(const void *data)
{
    const struct span_stack *stack = data;

    return sizeof(*stack) + (stack->calls == stack->own_calls ? 0 : stack->capacity * sizeof(*stack->calls));
}

static const rb_data_type_t stack_type = {
    .wrap_struct_name = "heap_periscope_agent/span_stack",
    .function = {.dmark = stack_mark, .dfree = stack_free, .dsize = stack_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

/* Of a real class, and with an allocator, since programs look at their fiber-local variables, and copy them. What they make is empty
 * and nobody's. */
static VALUE stack_allocate(VALUE class)
{
    struct span_stack *stack;
    VALUE holder = TypedData_Make_Struct(class, struct span_stack, &stack_type, stack);

    stack->owner = stack->job = stack->known.class = Qnil;
    stack->calls = stack->own_calls;
    stack->capacity = SPAN_STACK_OWN_CALLS;
    return holder;
}

static VALUE make_holder(VALUE unused)
{
    VALUE holder = stack_allocate(stack_class);

    (void)unused;
    ((struct span_stack *)RTYPEDDATA_DATA(holder))->owner = rb_fiber_current();
    rb_thread_local_aset(rb_thread_current(), id_stack, holder);
    return holder;
}

static void set_current(const struct span_entry *entry)
{
    if (current_known) pthread_setspecific(current, entry);
}

static struct span_stack *stack_in(VALUE holder)
{
    if (!RB_TYPE_P(holder, T_DATA) || !rb_typeddata_is_kind_of(holder, &stack_type)) return NULL;
    struct span_stack *stack = RTYPEDDATA_DATA(holder);
    /* Some copy the variables of one fiber to another: ActionController::Live does, and GraphQL's dataloader. */
    return NIL_P(stack->owner) || stack->owner != rb_fiber_current() ? NULL : stack;
}

struct span_stack *span_stack_of_fiber(bool make, VALUE *holder)
{
    *holder = rb_thread_local_aref(rb_thread_current(), id_stack);
    struct span_stack *stack = stack_in(*holder);
    if (stack || !make || !guarded_c_call(make_holder, Qnil, holder)) return stack;
    return RTYPEDDATA_DATA(*holder);
}

static bool make_room(struct span_stack *stack)
{
    size_t capacity = stack->capacity * 2 < DEEPEST ? stack->capacity * 2 : DEEPEST;
    bool own = stack->calls == stack->own_calls;

    if (stack->depth < stack->capacity) return true;
    if (stack->depth >= DEEPEST) return false;
    struct span_call *grown = realloc(own ? NULL : stack->calls, capacity * sizeof(*grown));
    if (!grown) return false;
    if (own) memcpy(grown, stack->own_calls, sizeof stack->own_calls);
    stack->calls = grown;
    stack->capacity = capacity;
    return true;
}

struct span_call *span_stack_push(struct span_stack *stack, struct span_entry *entry)
{
    bool outermost = !span_stack_holds(stack, entry);

    if (!make_room(stack)) return NULL;
    struct span_call *call = &stack->calls[stack->depth++];
    call->entry = entry;
    call->outer_job = stack->job;
    call->outermost = outermost;
    set_current(entry);
    return call;
}

struct span_call *span_stack_call(struct span_stack *stack, size_t depth)
{
    return depth < stack->depth ? &stack->calls[depth] : NULL;
}

void span_stack_return(struct span_stack *stack, size_t depth)
{
    stack->job = stack->calls[depth].outer_job;
    stack->depth = depth;
    span_stack_set_current(stack);
}

bool span_stack_holds(const struct span_stack *stack, const struct span_entry *entry)
{
    for (size_t i = stack->depth; i > 0; i--) {
        if (stack->calls[i - 1].entry == entry) return true;
    }
    return false;
}

const struct span_entry *span_stack_current(void)
{
    return current_known ? pthread_getspecific(current) : NULL;
}

void span_stack_set_current(const struct span_stack *stack)
{
    set_current(stack && stack->depth ? stack->calls[stack->depth - 1].entry : NULL);
}

void init_span_stack(VALUE agent)
{
    id_stack = rb_intern("heap_periscope_spans");
    const char *shared_threads = getenv("RUBY_MN_THREADS");
    current_known = !(shared_threads && atoi(shared_threads)) && pthread_key_create(&current, NULL) == 0;
    stack_class = rb_define_class_under(rb_define_module_under(agent, "Native"), "SpanStack", rb_cObject);
    rb_gc_register_mark_object(stack_class);
    rb_define_alloc_func(stack_class, stack_allocate);
}
