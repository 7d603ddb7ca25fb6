#include "thread_names.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 64

static VALUE name_of_thread = Qnil;
static ID id_call;
static char names[THREAD_NAMES_MAX][NAME_BYTES];
static uint16_t count;

void thread_names_init(void)
{
    rb_gc_register_address(&name_of_thread);
    id_call = rb_intern("bind_call");
    /* Ruby's own: a method of the program's could be interrupted, and not every interrupt may pass through a job. */
    name_of_thread = rb_funcall(rb_cThread, rb_intern("instance_method"), 1, ID2SYM(rb_intern("name")));
}

void thread_names_clear(void)
{
    strcpy(names[0], "(other)");
    count = 1;
}

uint16_t thread_names_number(VALUE thread)
{
    VALUE name = RTEST(thread) ? rb_funcall(name_of_thread, id_call, 1, thread) : Qnil;
    char text[NAME_BYTES] = "(unnamed)";
    if (RB_TYPE_P(name, T_STRING))
        snprintf(text, sizeof text, "%.*s", (int)RSTRING_LEN(name), RSTRING_PTR(name));
    RB_GC_GUARD(name);
    for (uint16_t i = 1; i < count; i++)
        if (!strcmp(names[i], text)) return i;
    if (count >= THREAD_NAMES_MAX) return 0;
    strcpy(names[count], text);
    return count++;
}

const char *thread_names_at(uint16_t number)
{
    return names[number];
}
