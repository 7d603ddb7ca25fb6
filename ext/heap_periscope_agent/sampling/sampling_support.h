/* On which Rubies sampling is sound. Versions, since what is wrong there cannot be probed for without crashing. GVL. */
#ifndef HEAP_PERISCOPE_SAMPLING_SUPPORT_H
#define HEAP_PERISCOPE_SAMPLING_SUPPORT_H

#include <stdbool.h>

/* Once, from Init. */
void sampling_support_init(void);

/* True before 3.1.4 and 3.2.3: a hook on new objects and a starting Ractor crash the VM. */
bool sampling_support_fragile_p(void);

/* Why windows may not be opened in this process now, or NULL: hooks on new objects and other Ractors crash the VM before 3.1.4 and
 * 3.2.3, and again from 3.4 on, where it waits for others with an object half made. */
const char *sampling_support_problem(void);

/* The same, once: for the log. */
const char *sampling_support_take_notice(void);

/* Why there may be no retained set, or NULL: up to Ruby 3.4 a Ractor that has started ends it. */
const char *sampling_support_retained_problem(void);

/* The VM does not tell any more who lives, for a Ractor that nobody announced. */
void sampling_support_note_lives_lost(void);

#endif
