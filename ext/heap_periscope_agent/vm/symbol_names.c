#include "vm/symbol_names.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 256

static struct {
    ID id;
    const char *name;
} names[NAMES_MAX];
static size_t count;

const char *symbol_name(VALUE symbol)
{
    if (!SYMBOL_P(symbol)) return NULL;

    ID id = SYM2ID(symbol);
    for (size_t i = 0; i < count; i++)
        if (names[i].id == id) return names[i].name;
    if (count == NAMES_MAX) return NULL;

    const char *moving = rb_id2name(id);
    char *name = moving ? strdup(moving) : NULL;
    if (!name) return NULL;
    names[count].id = id;
    names[count++].name = name;
    return name;
}
