/* Names of threads by number, for what outlives its thread: at most THREAD_NAMES_MAX of them, the rest are "(other)". GVL. */
#ifndef HEAP_PERISCOPE_THREAD_NAMES_H
#define HEAP_PERISCOPE_THREAD_NAMES_H

#include <ruby.h>
#include <stdint.h>

#define THREAD_NAMES_MAX 128

/* Before the other functions, once. May raise. */
void thread_names_init(void);

/* Forgets all names. */
void thread_names_clear(void);

/* The number of the name that a Thread has now; nil counts as one without a name. Asks Ruby's own Thread#name, hence may
 * raise. */
uint16_t thread_names_number(VALUE thread);

/* The name, cut to 63 bytes. */
const char *thread_names_at(uint16_t number);

#endif
