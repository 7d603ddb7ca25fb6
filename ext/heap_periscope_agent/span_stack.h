/*
 * The open spans of each fiber, kept in a fiber-local variable, and the innermost one of the native thread.
 * Callers: GVL, except span_stack_current.
 */
#ifndef HEAP_PERISCOPE_SPAN_STACK_H
#define HEAP_PERISCOPE_SPAN_STACK_H

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>
#include "span_table.h"

/*
 * Entries, which live for ever, and not the machine's frames: a fiber may be dropped with spans open, or its stack be
 * copied by callcc.
 */
struct span_stack {
    const struct span_entry **open;
    size_t depth;
    size_t capacity;
    VALUE job; /* id of the job that runs, or Qnil */
};

void init_span_stack(void);

/*
 * The stack of the running fiber, alive as long as *holder is seen on the machine's stack. NULL where it has none, and, with
 * `make`, where it can get none (a frozen thread takes no variables; no memory). Does not raise.
 */
struct span_stack *span_stack_of_fiber(bool make, VALUE *holder);

/* False, and nothing pushed, when it is as deep as it may be. */
bool span_stack_push(struct span_stack *stack, const struct span_entry *entry);

/* Back to the depth before a push. */
void span_stack_return(struct span_stack *stack, size_t depth);

bool span_stack_holds(const struct span_stack *stack, const struct span_entry *entry);

/* See spans_current. `stack` may be NULL: none open. */
const struct span_entry *span_stack_current(void);
void span_stack_set_current(const struct span_stack *stack);

#endif
