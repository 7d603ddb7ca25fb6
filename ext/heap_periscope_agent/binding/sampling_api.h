/* What Ruby asks of sampling: HeapPeriscopeAgent::Native.sampling_json and its like. Private to the gem. */
#ifndef HEAP_PERISCOPE_SAMPLING_API_H
#define HEAP_PERISCOPE_SAMPLING_API_H

#include <ruby.h>

void sampling_api_init(VALUE agent);

#endif
