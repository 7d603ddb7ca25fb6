/* Places that know an object without holding it: what the program lets go of dies as if nobody watched.
 *
 * There are two ways, and weak_set.c chooses. Up to Ruby 3.4 a place knows the object's id, which the VM gives to no other object;
 * _id2ref says who lives (weak_ids.c). From Ruby 4.0 on, where _id2ref is deprecated, the objects are keys of an ObjectSpace::WeakMap
 * (weak_map.c). No address is kept over a collection, so that compaction and the reuse of slots confuse nothing.
 *
 * GVL, main Ractor, outside of hooks. "In person" means that methods are called: not in jobs, by guarded_call. */
#ifndef HEAP_PERISCOPE_WEAK_SET_H
#define HEAP_PERISCOPE_WEAK_SET_H

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEAK_PLACES 10000

/* Who asks which of the objects live. The answers may come in any order, each place at most once a round. */
struct weak_question {
    bool (*wanted)(uint32_t place); /* false: the place is passed over */
    void (*living)(uint32_t place, VALUE object);
    void (*dead)(uint32_t place);
    uint64_t budget_ns; /* processor time after which it may stop and go on at the next call */
};

/* What has become of those who waited and are not put into the map. */
struct weak_fates {
    void (*dead)(uint32_t place);
    void (*lost)(uint32_t place); /* nobody can tell */
};

struct weak_set_kind {
    const char *name;
    bool ends_with_ractors;
    void (*init)(void);
    void (*start)(void);
    void (*stop)(void);
    bool (*sound)(void);
    bool (*enter)(uint32_t place, VALUE object);
    void (*forget)(uint32_t place);
    bool (*waiting)(void);
    void (*settle)(const struct weak_fates *fates);
    bool (*ask)(const struct weak_question *question);
    void (*tidy)(void);
    uint64_t (*bytes)(void);
};

extern const struct weak_set_kind weak_ids, weak_map;

/* Once. In person; may raise. */
void weak_set_init(void);

/* Takes another kind than this Ruby's, for specs; before weak_set_start. False when there is none of that name. */
bool weak_set_use(const char *name);

/* True up to Ruby 3.4: once a Ractor has started the VM does not tell any more who lives. */
bool weak_set_ends_with_ractors_p(void);

/* False once the VM does not tell any more. In person; may raise. */
bool weak_set_sound_p(void);

/* Begins with empty places. In person; may raise. */
void weak_set_start(void);
void weak_set_stop(void);

/* Makes the place know an object that lives, and that is on the caller's stack. False when there is no room. Calls no methods; may raise
 * NoMemoryError: by guarded_c_call. */
bool weak_set_enter(uint32_t place, VALUE object);

/* The place knows nothing any more. */
void weak_set_forget(uint32_t place);

/* True when objects wait for weak_set_settle. */
bool weak_set_waiting_p(void);

/* Puts those who wait and live into the map, and tells of the others. In person; may raise. */
void weak_set_settle(const struct weak_fates *fates);

/* One piece of a round of questions. True when the round is over, and the next call begins another. Ends early, with no answer that is
 * wrong, when the set is not sound any more. In person; may raise. Others may run meanwhile. */
bool weak_set_ask(const struct weak_question *question);

/* After many places were made to forget: gives memory back. In person; may raise. */
void weak_set_tidy(void);

/* What the map takes, 0 where there is none. Any thread. */
uint64_t weak_set_bytes(void);

#endif
