/* What of ours ends before the VM does: what it calls back (arming.h), and the bare threads, one of which might trigger a job in a
 * VM that is no more. */
#ifndef HEAP_PERISCOPE_VM_END_H
#define HEAP_PERISCOPE_VM_END_H

/* Once, from Init. GVL. */
void vm_end_init(void);

#endif
