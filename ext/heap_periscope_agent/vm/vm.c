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
    const char *lost; /* NULL: told elsewhere, or there is another way */
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
    {"rb_vm_lock_with_barrier", (void **)&vm.lock_with_barrier, NULL},
    {"rb_gc_vm_lock", (void **)&vm.lock, NULL},
    {"rb_gc_vm_unlock", (void **)&vm.unlock, NULL},
    {"rb_vm_lock_enter_body", (void **)&vm.lock_enter, NULL},
    {"rb_vm_lock_leave_body", (void **)&vm.lock_leave, NULL},
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

/* --- walks beside other Ractors ----------------------------------------------------------------------------------------------- */

struct locked_walk {
    vm_page_callback callback;
    void *data;
    int failed;
};

static VALUE walk_pages(VALUE argument)
{
    const struct locked_walk *walk = (struct locked_walk *)argument;
    vm.each_objects(walk->callback, walk->data);
    return Qnil;
}

/* Nothing is raised out of the lock. */
static VALUE walk_locked(void *argument)
{
    struct locked_walk *walk = argument;
    return rb_protect(walk_pages, (VALUE)argument, &walk->failed);
}

bool vm_lockable_p(void)
{
    return vm.lock_with_barrier || (vm.lock && vm.unlock) || (vm.lock_enter && vm.lock_leave);
}

void vm_each_objects_locked(vm_page_callback callback, void *data)
{
    struct locked_walk walk = {.callback = callback, .data = data};
    unsigned level = 0;
    if (vm.lock_with_barrier) {
        vm.lock_with_barrier(walk_locked, &walk);
    } else if (vm.lock && vm.unlock) {
        level = vm.lock();
        walk_locked(&walk);
        vm.unlock(level);
    } else {
        vm.lock_enter(&level);
        walk_locked(&walk);
        vm.lock_leave(&level);
    }
    if (walk.failed) rb_jump_tag(walk.failed);
}

/* --- what the collector tells -------------------------------------------------------------------------------------------------- */

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
