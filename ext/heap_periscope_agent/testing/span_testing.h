/* HeapPeriscopeAgent::Testing, as far as spans go. Compiled into development builds only. */
#ifndef HEAP_PERISCOPE_SPAN_TESTING_H
#define HEAP_PERISCOPE_SPAN_TESTING_H

#include <ruby.h>

void span_testing_init(VALUE testing);

#endif
