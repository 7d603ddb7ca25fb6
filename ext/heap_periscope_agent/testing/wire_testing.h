/* The specs' door to the parts that write and send. Compiled into development builds only. */
#ifndef HEAP_PERISCOPE_WIRE_TESTING_H
#define HEAP_PERISCOPE_WIRE_TESTING_H

#include <ruby.h>

void wire_testing_init(VALUE testing);

#endif
