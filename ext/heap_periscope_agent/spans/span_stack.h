/*
 * The open calls of each fiber, kept in a fiber-local variable, and the innermost span of the native thread.
 * Callers: GVL, except span_stack_current.
 */
#ifndef HEAP_PERISCOPE_SPAN_STACK_H
#define HEAP_PERISCOPE_SPAN_STACK_H

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>
#include "spans/span_table.h"

/* A call of a span that is open: what there was when it began. */
struct span_call {
    struct span_entry *entry;
    VALUE outer_job;            /* `job` of the stack */
    uint64_t began_ns;          /* monotonic */
    uint64_t allocated_objects; /* of the process so far */
    uint64_t gc_ns;             /* likewise */
    unsigned forks;             /* see spans_after_fork */
    bool outermost;             /* not inside a call of the same name */
};

/* Three calls are as many as an action, a save and its callback's save: they need no other memory. */
#define SPAN_STACK_OWN_CALLS 3

/* It owns the calls, since a fiber may be dropped with spans open, and its machine stack be copied by callcc. */
struct span_stack {
    VALUE owner; /* the fiber that made it: others may hold a copy of the variable */
    size_t depth;
    size_t capacity;
    struct span_call *calls;
    VALUE job; /* the job that runs, or its id; or nil */
    struct {   /* a class of jobs and its entry, see sidekiq_job.c */
        VALUE class;
        struct span_entry *entry;
    } known;
    struct span_call own_calls[SPAN_STACK_OWN_CALLS];
};

void init_span_stack(VALUE agent);

/*
 * The stack of the running fiber, alive as long as *holder is seen on the machine's stack. NULL where it has none, and, with
 * `make`, where it can get none (a frozen thread takes no variables; no memory). Does not raise.
 */
struct span_stack *span_stack_of_fiber(bool make, VALUE *holder);

/* The new call, with its entry and whether it is outermost, valid until the next push; NULL, and nothing pushed, when the stack
 * is as deep as it may be. */
struct span_call *span_stack_push(struct span_stack *stack, struct span_entry *entry);

/* The call at a depth, counted from 0, NULL when it is open no more. */
struct span_call *span_stack_call(struct span_stack *stack, size_t depth);

/* Back to the depth before a push, whose call stays readable until the next. */
void span_stack_return(struct span_stack *stack, size_t depth);

bool span_stack_holds(const struct span_stack *stack, const struct span_entry *entry);

/* See spans_current. `stack` may be NULL: none open. */
const struct span_entry *span_stack_current(void);
void span_stack_set_current(const struct span_stack *stack);

#endif
