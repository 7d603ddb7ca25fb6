/* What the VM offers to extensions without declaring it in a public header. It is looked up when the extension is loaded, never linked:
 * a Ruby that hides one of these loads the extension all the same, and does without what it was needed for. */
#ifndef HEAP_PERISCOPE_VM_H
#define HEAP_PERISCOPE_VM_H

#include <ruby.h>
#include <stdbool.h>

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
    /* What the collector knows of an object, in names: rb_gc_object_metadata from Ruby 4.0 on, ended by a name of 0, and rb_obj_gc_flags, up
     * to as many as there is room for, before. GVL held; inside the collector, too. Asked by vm_marked_p. */
    const struct vm_metadata *(*gc_metadata)(VALUE object);
    size_t (*gc_flags)(VALUE object, ID *flags, size_t room);
    /* The lock of the VM, under which no Ractor gets or frees a page. 4.0 offers it with a barrier, at which all other Ractors stand:
     * rb_vm_lock_with_barrier; 3.4: rb_gc_vm_lock and rb_gc_vm_unlock; 3.1 and 3.2: rb_vm_lock_enter_body and rb_vm_lock_leave_body; 3.3 hides it.
     * GVL held. Taken by vm_each_objects_locked. */
    VALUE (*lock_with_barrier)(VALUE (*work)(void *argument), void *argument);
    unsigned (*lock)(void);
    void (*unlock)(unsigned level);
    void (*lock_enter)(unsigned *level);
    void (*lock_leave)(unsigned *level);
};

/* As each_objects in vm_functions. */
typedef int (*vm_page_callback)(void *page_begin, void *page_end, size_t stride, void *data);

struct vm_metadata {
    ID name;
    VALUE value;
};

extern struct vm_functions vm;

/* Once, from Init, before any other part. */
void vm_init(void);

/* True for objects that no program may see, of those that have a class. Without the VM's own answer every class counts as one: singleton
 * classes are among them. GVL held. */
int vm_internal_object_p(VALUE object);

/* True where the heap may be walked beside other Ractors. */
bool vm_lockable_p(void);

/* each_objects beside other Ractors: it copies the list of pages into memory that it has measured before, and a Ractor that gets a page in
 * between has it written past the end. So none does until the walk is over. Where vm_lockable_p and vm.each_objects is there; GVL held; may
 * raise NoMemoryError. */
void vm_each_objects_locked(vm_page_callback callback, void *data);

/* False where the VM does not tell whom it has marked: vm_marked_p must not be called then. */
bool vm_tells_marks_p(void);

/* True for objects that the latest marking has found. GVL held; means something at the end of a marking, inside the collector, where it
 * allocates nothing. */
bool vm_marked_p(VALUE object);

/* One sentence for each function that this Ruby hides and without which something is lost, by number from 0; NULL past the last one. Any
 * thread. */
const char *vm_missing(unsigned number);

#endif
