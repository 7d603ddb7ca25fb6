#include "span_stack.h"

#include "guarded_call.h"

#include <stdlib.h>

#define FIRST_CAPACITY 8
#define DEEPEST        512

static __thread const struct span_entry *current;
static ID id_stack;

static void stack_mark(void *data)
{
    rb_gc_mark(((struct span_stack *)data)->job);
}

static void stack_free(void *data)
{
    struct span_stack *stack = data;

    free(stack->open);
    ruby_xfree(stack);
}

static size_t stack_size(const void *data)
{
    const struct span_stack *stack = data;

    return sizeof(*stack) + stack->capacity * sizeof(*stack->open);
}

static const rb_data_type_t stack_type = {
    .wrap_struct_name = "heap_periscope_agent/span_stack",
    .function = {.dmark = stack_mark, .dfree = stack_free, .dsize = stack_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

static VALUE make_holder(VALUE unused)
{
    struct span_stack *stack;
    VALUE holder = TypedData_Make_Struct(0, struct span_stack, &stack_type, stack);

    (void)unused;
    stack->job = Qnil;
    rb_thread_local_aset(rb_thread_current(), id_stack, holder);
    return holder;
}

struct span_stack *span_stack_of_fiber(bool make, VALUE *holder)
{
    *holder = rb_thread_local_aref(rb_thread_current(), id_stack);
    if (!RB_TYPE_P(*holder, T_DATA) || !rb_typeddata_is_kind_of(*holder, &stack_type)) {
        *holder = Qnil;
        if (make) guarded_c_call(make_holder, Qnil, holder);
    }
    return NIL_P(*holder) ? NULL : RTYPEDDATA_DATA(*holder);
}

static bool make_room(struct span_stack *stack)
{
    size_t capacity = stack->capacity ? stack->capacity * 2 : FIRST_CAPACITY;
    const struct span_entry **grown;

    if (stack->depth < stack->capacity) return true;
    if (capacity > DEEPEST) return false;
    grown = realloc(stack->open, capacity * sizeof(*grown));
    if (!grown) return false;
    stack->open = grown;
    stack->capacity = capacity;
    return true;
}

bool span_stack_push(struct span_stack *stack, const struct span_entry *entry)
{
    if (!make_room(stack)) return false;
    stack->open[stack->depth++] = entry;
    current = entry;
    return true;
}

void span_stack_return(struct span_stack *stack, size_t depth)
{
    stack->depth = depth;
    span_stack_set_current(stack);
}

bool span_stack_holds(const struct span_stack *stack, const struct span_entry *entry)
{
    for (size_t i = stack->depth; i > 0; i--) {
        if (stack->open[i - 1] == entry) return true;
    }
    return false;
}

const struct span_entry *span_stack_current(void)
{
    return current;
}

void span_stack_set_current(const struct span_stack *stack)
{
    current = stack && stack->depth ? stack->open[stack->depth - 1] : NULL;
}

void init_span_stack(void)
{
    id_stack = rb_intern("heap_periscope_spans");
}
