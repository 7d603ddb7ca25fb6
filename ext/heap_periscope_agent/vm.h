/* Functions the VM exports for extensions without declaring them in a public header. extconf.rb probes for each. */
#ifndef HEAP_PERISCOPE_VM_H
#define HEAP_PERISCOPE_VM_H

#include <ruby.h>

/* Calls back once per heap page with its first slot, its end and the distance of two slots. Finishes a pending mark or
 * sweep first. A non-zero answer ends the current size pool only. GVL held. */
void rb_objspace_each_objects(int (*callback)(void *page_begin, void *page_end, size_t stride, void *data),
                              void *data);

/* What ObjectSpace.memsize_of answers: the slot plus what hangs off it. GVL held, does not allocate. */
size_t rb_obj_memsize_of(VALUE object);

/* Non-zero for objects of the VM's own that no program may see. GVL held. */
int rb_objspace_internal_object_p(VALUE object);

#endif
