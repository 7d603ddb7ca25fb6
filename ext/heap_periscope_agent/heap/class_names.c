#include "heap/class_names.h"

#include "heap/class_table.h"

#include <stdlib.h>
#include <string.h>

#define INTERNAL_NAME "(internal)"
/* Stands at offset 0 of every text: the name of a class whose own could not be had. */
#define NAMELESS "(nameless)"
#define ELLIPSIS "\xE2\x80\xA6"

struct class_names {
    struct class_table reals; /* real class, and 1 in the place of the type for old objects → counts */
    size_t *offsets;          /* of the name of reals.entries[i] in text */
    size_t offsets_capacity;
    char *text;
    size_t text_used, text_capacity;
    uint64_t truncated;
};

static bool keep_text(struct class_names *names, const char *name)
{
    size_t length = strlen(name) + 1;
    if (names->text_used + length > names->text_capacity) {
        size_t capacity = names->text_capacity ? names->text_capacity * 2 : 32768;
        while (capacity < names->text_used + length)
            capacity *= 2;
        char *text = realloc(names->text, capacity);
        if (!text) return false;
        names->text = text;
        names->text_capacity = capacity;
    }
    memcpy(names->text + names->text_used, name, length);
    names->text_used += length;
    return true;
}

struct class_names *class_names_new(void)
{
    struct class_names *names = calloc(1, sizeof *names);
    if (!names) return NULL;
    class_table_init(&names->reals);
    if (keep_text(names, NAMELESS)) return names;
    free(names);
    return NULL;
}

void class_names_free(struct class_names *names)
{
    if (!names) return;
    class_table_free(&names->reals);
    free(names->offsets);
    free(names->text);
    free(names);
}

void class_names_mark(const struct class_names *names)
{
    for (size_t i = 0; i < names->reals.used; i++)
        if (names->reals.entries[i].klass) rb_gc_mark((VALUE)names->reals.entries[i].klass);
}

/* The path the VM keeps for a class, or Qnil for an anonymous one. */
static VALUE path_of(VALUE klass)
{
    VALUE path = rb_mod_name(klass);
    return RB_TYPE_P(path, T_STRING) ? path : Qnil;
}

/* Answers true when the name had to be cut. */
static bool write_name(VALUE real, char *name, size_t size)
{
    VALUE named = real, path = path_of(real);
    while (NIL_P(path) && named) {
        VALUE above = rb_class_superclass(named);
        if (NIL_P(above)) break;
        named = rb_class_real(above);
        path = path_of(named);
    }
    const char *bytes = NIL_P(path) ? NAMELESS : RSTRING_PTR(path);
    size_t length = NIL_P(path) ? strlen(NAMELESS) : (size_t)RSTRING_LEN(path);
    const char *prefix = named == real ? "" : "(anonymous < ", *suffix = named == real ? "" : ")";
    size_t frame = strlen(prefix) + strlen(suffix) + 1;
    bool cut = frame + length > size;
    if (cut) length = size - frame - strlen(ELLIPSIS);

    char *end = stpcpy(name, prefix);
    memcpy(end, bytes, length);
    end = stpcpy(end + length, cut ? ELLIPSIS : "");
    strcpy(end, suffix);
    RB_GC_GUARD(path);
    return cut;
}

bool class_names_write(VALUE klass, char *name, size_t size)
{
    VALUE real = klass ? rb_class_real(klass) : 0;
    if (real) return write_name(real, name, size);
    strcpy(name, INTERNAL_NAME);
    return false;
}

static bool reserve_offset(struct class_names *names, size_t position)
{
    if (position < names->offsets_capacity) return true;
    size_t capacity = names->offsets_capacity ? names->offsets_capacity * 2 : 512;
    size_t *offsets = realloc(names->offsets, capacity * sizeof *offsets);
    if (!offsets) return false;
    names->offsets = offsets;
    names->offsets_capacity = capacity;
    return true;
}

void class_names_add(struct class_names *names, VALUE klass, bool old, uint64_t count, uint64_t bytes)
{
    VALUE real = klass ? rb_class_real(klass) : 0;
    size_t before = names->reals.used;
    if (!reserve_offset(names, before)) return;

    class_table_add(&names->reals, (uintptr_t)real, old, count, bytes);
    if (names->reals.used == before) return;

    char name[CLASS_NAME_MAX_BYTES + 1];
    names->offsets[before] = 0;
    names->truncated += class_names_write(real, name, sizeof name);
    size_t offset = names->text_used;
    if (keep_text(names, name)) names->offsets[before] = offset;
}

void class_names_take(struct class_names *names, struct census_result *result)
{
    size_t count = names->reals.used;
    result->classes = calloc(count ? count : 1, sizeof *result->classes);
    if (!result->classes || !names->text) return;

    result->names = names->text;
    result->names_truncated = names->truncated;
    for (size_t i = 0; i < count; i++) {
        const struct class_count *real = &names->reals.entries[i];
        struct class_census *row = &result->classes[i];
        *row = (struct class_census){
            .name = result->names + names->offsets[i], .count = real->count, .bytes = real->bytes};
        if (!real->type) continue;
        row->old_count = real->count;
        row->old_bytes = real->bytes;
    }
    result->class_count = count;
    names->text = NULL;
}
