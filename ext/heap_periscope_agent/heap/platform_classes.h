/* Platform or application? Ruby's own classes and the namespaces of Rails are the platform, everything else is the application's.
 * No Ruby API, any thread. `platform_classes_extend` swaps the extra list under a lock; look-ups take the same lock once. */
#ifndef HEAP_PERISCOPE_PLATFORM_CLASSES_H
#define HEAP_PERISCOPE_PLATFORM_CLASSES_H

#include <stdbool.h>
#include <stddef.h>

/* Sorts the built-in table. Once, from Init. */
void platform_classes_init(void);

/* Replaces the names added by config.platform_namespaces: copies `count` strings, each "Name" or "Outer::Name", which
 * stands for itself and all below it. False when there is no memory: then the old list stays. */
bool platform_classes_extend(const char *const *names, size_t count);

/* One binary search for the outermost name, plus one a "::" where there are extra names. */
bool platform_class_p(const char *name);

/* Around fork: nothing may be locked when the process is doubled. */
void platform_classes_lock(void);
void platform_classes_unlock(void);

#endif
