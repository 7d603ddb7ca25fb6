#include "vm/vm.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct vm_functions vm;

static ID marked;

/* More than any Ruby has. */
#define METADATA_MAX 32

static const struct known {
    const char *name;
    void **function;
    const char *lost; /* NULL: no more than a few samples */
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
    {"rb_gc_object_metadata", (void **)&vm.gc_metadata, NULL},
    {"rb_obj_gc_flags", (void **)&vm.gc_flags, NULL},
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

/* The VM makes its names when it is first asked, which it must not inside the collector. */
bool vm_tells_marks_p(void)
{
    marked = rb_intern("marked");
    if (vm.gc_metadata || vm.gc_flags) vm_marked_p(rb_cObject);
    return vm.gc_metadata || vm.gc_flags;
}

static bool flagged_p(VALUE object)
{
    ID flags[METADATA_MAX];
    size_t count = vm.gc_flags(object, flags, METADATA_MAX);
    for (size_t i = 0; i < count; i++)
        if (flags[i] == marked) return true;
    return false;
}

bool vm_marked_p(VALUE object)
{
    if (!vm.gc_metadata) return flagged_p(object);
    const struct vm_metadata *entries = vm.gc_metadata(object);
    for (size_t i = 0; i < METADATA_MAX && entries[i].name; i++)
        if (entries[i].name == marked) return true;
    return false;
}

int vm_internal_object_p(VALUE object)
{
    if (vm.internal_object_p) return vm.internal_object_p(object);
    return RB_TYPE_P(object, T_CLASS);
}

const char *vm_missing(unsigned number)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (!*known[i].function && known[i].lost && number-- == 0) return known[i].lost;
    return NULL;
}
