/* The retained set: some of the sampled objects, watched until they die.
 *
 * The objects are the keys of an ObjectSpace::WeakMap, filled outside of the hook; what is known of each stands in a record in C,
 * whose number is the map's value. No address is ever compared, so that compaction and the reuse of slots cannot confuse two
 * objects. New ones are put in soon after their window (newcomers.h); a survey now and then asks the map which of them live. When the
 * set is full, half of it, drawn at random, is let go and the rest counts double.
 *
 * GVL, main Ractor, outside of hooks. What may raise says so and is called by guarded_call. */
#ifndef HEAP_PERISCOPE_RETAINED_SET_H
#define HEAP_PERISCOPE_RETAINED_SET_H

#include "call_sites.h"
#include "newcomers.h"

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETAINED_MAX    10000
#define RETAINED_GROUPS 16

/* Upper bounds of the lifetime histogram, in seconds; the last bucket has none. */
extern const double retained_lifetime_bounds_s[SITE_LIFETIMES];

struct retained_record {
    bool used, seen;
    bool waiting;    /* to be put into the map */
    bool old;        /* was put into the map as an old object, which only a full collection frees */
    bool tested;     /* a survey found it alive after a collection that could have freed it */
    uint8_t majors;  /* major collections survived, at most 255 */
    uint8_t group;   /* of windows, for the standard error */
    uint16_t thread; /* of thread_names_at */
    uint32_t stack;  /* of call_sites, or CALL_SITE_NONE */
    uint32_t class_index;
    uint32_t born_major;
    size_t born_collections;        /* GC.count at its birth */
    uint64_t born_ns, last_seen_ns; /* monotonic */
    uint64_t outlived_ns; /* its age, at least, at the latest full collection it outlived; 0: not known */
    uint64_t bytes;
    double weight; /* living objects of the process that it stands for */
};

/* Makes an empty map. May raise. */
void retained_set_start(void);

/* Fixes what is drawn at random, for specs. */
void retained_set_seed(uint64_t number);

/* Lets all objects go. */
void retained_set_stop(void);

bool retained_set_running_p(void);

/* Watches an object with the probability that the set can afford; it is kept alive until it is put into the
 * map, though not for long (newcomers.h). `weight` is how many allocations the sample stands for. Calls no methods and does not raise. */
void retained_set_add(const struct newborn *newborn, uint32_t stack, uint32_t class_index, double weight,
                      uint64_t window);

/* Holds no object any more that waits; nobody will come for it. Calls no methods and does not raise. */
void retained_set_let_newcomers_go(void);

/* Lets those go who would have to wait too long. True when somebody waits to be put into the map. Calls no methods and does not raise. */
bool retained_set_window_over(void);

/* True when sampled objects wait to be put into the map. */
bool retained_set_newcomers_p(void);

/* Puts them in, unless a survey is under way, which does. May raise. */
void retained_set_enter(void);

/* True when it is time for a survey: a collection has run since the last one, or room is short. */
bool retained_set_survey_due(uint64_t now_ns);

/* Puts the objects that wait into the map, and finds out who lives, how old and how large they are. About 1 ms for a full set. False when
 * another survey is under way, since it lets other threads run. May raise. */
bool retained_set_survey(uint64_t now_ns);

size_t retained_set_watched(void);
uint64_t retained_set_missed(void);

/* What the map took at the latest survey, 0 where there is none. Any thread. */
uint64_t retained_set_map_bytes(void);

/* The records, RETAINED_MAX places, most of them perhaps unused. */
const struct retained_record *retained_records(void);

/* Nanoseconds by which one major collection is longer for the map's sake, estimated. */
double retained_set_mark_cost_ns(void);

#endif
