/* One sentence about a leak suspect, for a person. No Ruby API, any thread. */
#ifndef HEAP_PERISCOPE_LEAK_SENTENCE_H
#define HEAP_PERISCOPE_LEAK_SENTENCE_H

#include "leaks/leak_suspects.h"

#define LEAK_SENTENCE_BYTES 2560

/* "`LineItem` grows by 12 400 ± 900 objects an hour (3.1 MB/h); 94 % of the survivors come from app/models/cart.rb:41 in
 * `CartsController#add`". What is not known is left out. Cut to `size` bytes, NUL-terminated. */
void leak_sentence_write(const struct leak_suspect *suspect, char *text, size_t size);

#endif
