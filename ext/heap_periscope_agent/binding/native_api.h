/* HeapPeriscopeAgent::Native: what the Ruby layer calls. Private to the gem. */
#ifndef HEAP_PERISCOPE_NATIVE_API_H
#define HEAP_PERISCOPE_NATIVE_API_H

#include <ruby.h>

void native_api_init(VALUE agent);

#endif
