/* Names of symbols as C strings that stay where they are. The VM's own strings move when the heap is compacted, so a pointer
 * from rb_id2name must not be kept. A few dozen names in all: keys and words of GC.stat and GC.latest_gc_info. */
#ifndef HEAP_PERISCOPE_SYMBOL_NAMES_H
#define HEAP_PERISCOPE_SYMBOL_NAMES_H

#include <ruby.h>

/* The name of `symbol`, copied when it is first asked for; it lives as long as the process. NULL for anything but a symbol, and
 * when there is no room. GVL; neither allocates Ruby objects nor raises. Not inside a hook. */
const char *symbol_name(VALUE symbol);

#endif
