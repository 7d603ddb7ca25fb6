#include "vm/vm.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct vm_functions vm;

static const struct known {
    const char *name;
    void **function;
    const char *lost;
} known[] = {
    {"rb_objspace_each_objects", (void **)&vm.each_objects,
     "this Ruby hides rb_objspace_each_objects: no census is taken, so reports go without object counts, "
     "living "
     "objects and leak suspects"},
    {"rb_obj_memsize_of", (void **)&vm.memsize_of,
     "this Ruby hides rb_obj_memsize_of: bytes count the slots of objects and the buffers of strings and "
     "arrays "
     "only"},
    {"rb_objspace_internal_object_p", (void **)&vm.internal_object_p,
     "this Ruby hides rb_objspace_internal_object_p: classes are not among the objects whose lives are "
     "followed"},
};
#define KNOWN (sizeof known / sizeof *known)

/* Specs play Rubies that hide some of them: a list of names, or "all". */
static bool played_missing_p(const char *name)
{
#ifdef HEAP_PERISCOPE_TESTING
    const char *missing = getenv("HEAP_PERISCOPE_TESTING_MISSING");
    return missing && (!strcmp(missing, "all") || strstr(missing, name));
#else
    (void)name;
    return false;
#endif
}

void vm_init(void)
{
    for (size_t i = 0; i < KNOWN; i++)
        *known[i].function = played_missing_p(known[i].name) ? NULL : dlsym(RTLD_DEFAULT, known[i].name);
}

int vm_internal_object_p(VALUE object)
{
    if (vm.internal_object_p) return vm.internal_object_p(object);
    return RB_TYPE_P(object, T_CLASS);
}

const char *vm_missing(unsigned number)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (!*known[i].function && number-- == 0) return known[i].lost;
    return NULL;
}
