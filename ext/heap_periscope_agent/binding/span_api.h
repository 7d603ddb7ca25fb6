/*
 * What Ruby sees of the sums: HeapPeriscopeAgent.spans, and the reports of living objects that code written for
 * version 0.3.0 makes itself.
 */
#ifndef HEAP_PERISCOPE_SPAN_API_H
#define HEAP_PERISCOPE_SPAN_API_H

#include <ruby.h>

void span_api_init(VALUE module);

#endif
