/* On which Rubies sampling is sound. Versions, since what is wrong there cannot be probed for without crashing. GVL. */
#ifndef HEAP_PERISCOPE_SAMPLING_SUPPORT_H
#define HEAP_PERISCOPE_SAMPLING_SUPPORT_H

#include <stdbool.h>

/* Once, from Init. */
void sampling_support_init(void);

/* True before 3.1.4 and 3.2.3: a hook on new objects and a starting Ractor, or a WeakMap, crash the VM. */
bool sampling_support_fragile_p(void);

/* Why windows may not be opened in this process now, or NULL. */
const char *sampling_support_problem(void);

/* Why there may be no retained set, or NULL. */
const char *sampling_support_retained_problem(void);

/* A Ractor is about to start on a fragile Ruby. */
void sampling_support_note_ractor(void);

#endif
