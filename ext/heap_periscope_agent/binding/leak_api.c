#include "binding/leak_api.h"

#include "reporter/fork_guard.h"
#include "wire/leak_sections.h"

#include <stdlib.h>

struct text {
    char *bytes;
    size_t length;
};

static VALUE to_string(VALUE argument)
{
    struct text *text = (struct text *)argument;
    return rb_utf8_str_new(text->bytes, (long)text->length);
}

static VALUE free_text(VALUE argument)
{
    free(((struct text *)argument)->bytes);
    return Qnil;
}

/* The section `leak_suspects` of docs/wire-format.md. */
static VALUE native_leak_suspects_json(VALUE self)
{
    (void)self;
    fork_guard_check();
    struct leak_suspect_list list;
    leak_suspects_copy(&list);
    struct text text = {0};
    text.bytes = leak_sections_text(&list, &text.length);
    leak_suspects_free(&list);
    if (!text.bytes) rb_memerror();
    return rb_ensure(to_string, (VALUE)&text, free_text, (VALUE)&text);
}

void leak_api_init(VALUE agent)
{
    VALUE native = rb_define_module_under(agent, "Native");
    rb_define_singleton_method(native, "leak_suspects_json", native_leak_suspects_json, 0);
}
