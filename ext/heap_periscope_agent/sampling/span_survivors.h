/*
 * What spans left behind, by class: estimates from the retained set of the allocation sampler. GVL, outside of hooks; allocates no
 * Ruby object, does not raise.
 */
#ifndef HEAP_PERISCOPE_SPAN_SURVIVORS_H
#define HEAP_PERISCOPE_SPAN_SURVIVORS_H

#include "spans/span_table.h"

/*
 * Gives each row its survivors, the `classes` most frequent: objects allocated inside the span, and not inside an inner one, that were
 * found alive after a collection. None at all where nothing is retained or memory is short.
 */
void span_survivors_attach(struct span_row *rows, size_t count, size_t classes);

#endif
