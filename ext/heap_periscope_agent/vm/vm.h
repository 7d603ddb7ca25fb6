/* What the VM offers to extensions without declaring it in a public header. It is looked up when the extension is loaded, never linked:
 * a Ruby that hides one of these loads the extension all the same, and does without what it was needed for. */
#ifndef HEAP_PERISCOPE_VM_H
#define HEAP_PERISCOPE_VM_H

#include <ruby.h>

/* Filled once by vm_init and read-only from then on. Each may be NULL. */
struct vm_functions {
    /* rb_objspace_each_objects: calls back once per heap page with its first slot, its end and the distance of two slots. Finishes a pending mark
     * or sweep first. A non-zero answer ends the current size pool only. GVL held. Without it there is no census. */
    void (*each_objects)(int (*callback)(void *page_begin, void *page_end, size_t stride, void *data),
                         void *data);
    /* rb_obj_memsize_of: what ObjectSpace.memsize_of answers, the slot plus what hangs off it. GVL held, does not allocate. Without it
     * object_bytes.h counts what the public headers tell. */
    size_t (*memsize_of)(VALUE object);
    /* rb_objspace_internal_object_p: non-zero for objects of the VM's own that no program may see. GVL held. Asked by
     * vm_internal_object_p, which knows less without it. */
    int (*internal_object_p)(VALUE object);
};

extern struct vm_functions vm;

/* Once, from Init, before any other part. */
void vm_init(void);

/* True for objects that no program may see, of those that have a class. Without the VM's own answer every class counts as one: singleton
 * classes are among them. GVL held. */
int vm_internal_object_p(VALUE object);

/* One sentence for each function that this Ruby hides and without which something is lost, by number from 0; NULL past the last one. Any
 * thread. */
const char *vm_missing(unsigned number);

#endif
