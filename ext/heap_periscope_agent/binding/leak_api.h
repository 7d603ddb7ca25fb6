/* What Ruby asks of the leak suspects: HeapPeriscopeAgent::Native.leak_suspects_json. */
#ifndef HEAP_PERISCOPE_LEAK_API_H
#define HEAP_PERISCOPE_LEAK_API_H

#include <ruby.h>

/* Once, from Init. */
void leak_api_init(VALUE agent);

#endif
