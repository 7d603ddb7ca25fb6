/* HeapPeriscopeAgent::Testing: the specs' and benchmarks' door to the inside. Compiled into development builds only. */
#ifndef HEAP_PERISCOPE_TESTING_H
#define HEAP_PERISCOPE_TESTING_H

#include <ruby.h>

void testing_init(VALUE agent);

#endif
