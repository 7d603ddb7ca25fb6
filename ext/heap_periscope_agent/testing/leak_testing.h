/* The part of HeapPeriscopeAgent::Testing that is about leaks. Compiled into development builds only. */
#ifndef HEAP_PERISCOPE_LEAK_TESTING_H
#define HEAP_PERISCOPE_LEAK_TESTING_H

#include <ruby.h>

void leak_testing_init(VALUE testing);

#endif
