/* A stack as lines for a reader: the innermost frame of the application first, what it called into and what is outside of the
 * application folded to one line for each run of frames of one gem ("activerecord (12 frames)").
 * No Ruby API; over frame_table and call_sites, so under the GVL. */
#ifndef HEAP_PERISCOPE_STACK_FOLD_H
#define HEAP_PERISCOPE_STACK_FOLD_H

#include "sampling/call_sites.h"

#include <stddef.h>

#define STACK_LINE_BYTES 400

/* Writes at most `limit` lines, answers how many. Further ones are left out, the outermost first. */
size_t stack_fold(const struct call_frame *frames, size_t count, char (*lines)[STACK_LINE_BYTES],
                  size_t limit);

/* One frame: "app/models/cart.rb:41 in Cart#add", "Array#map (C)". */
void stack_frame_text(struct call_frame frame, char *line, size_t size);

#endif
