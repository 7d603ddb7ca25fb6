/* The specs' door to sampling. Compiled into development builds only. */
#ifndef HEAP_PERISCOPE_SAMPLING_TESTING_H
#define HEAP_PERISCOPE_SAMPLING_TESTING_H

#include <ruby.h>

void sampling_testing_init(VALUE testing);

#endif
