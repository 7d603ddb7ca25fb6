/* Objects that are to be put into the weak set's map and wait for a visit in person. Nothing holds them.
 *
 * In a program that collects often many markings end before the visit. So the collector is asked at the end of each, before it frees anything,
 * who of them was marked (vm_marked_p); where it does not tell, an address means its object only until a marking ends. Where objects are
 * moved the addresses follow.
 *
 * GVL, main Ractor, outside of hooks. */
#ifndef HEAP_PERISCOPE_WAITING_OBJECTS_H
#define HEAP_PERISCOPE_WAITING_OBJECTS_H

#include <ruby.h>
#include <stdbool.h>
#include <stdint.h>

enum waiting_fate { WAITING_LIVES, WAITING_DEAD, WAITING_UNKNOWN };

struct waiting_object {
    VALUE object; /* not marked; 0 where it is dead */
    uint32_t place;
    enum waiting_fate fate;
};

/* Once. May raise. */
void waiting_objects_init(void);

/* Begins with nobody. */
void waiting_objects_start(void);
void waiting_objects_stop(void);

/* An object that lives. False when there is no room. Calls no methods and does not raise. */
bool waiting_objects_add(VALUE object, uint32_t place);

/* Whoever waits for that place does not any more. */
void waiting_objects_forget(uint32_t place);

bool waiting_objects_any_p(void);

/* Takes one away. False when nobody waits. An object that lives does so as long as `one` is on the machine's stack. */
bool waiting_objects_take(struct waiting_object *one);

#endif
