/* The retained set: some of the sampled objects, watched until they die.
 *
 * Each has a record in C and the place of the record's number in a weak set (weak_set.h), so that nothing lives longer for being
 * watched. Samples of a window become records when it is digested (newcomers.h), but for those whom a collection may have freed by then:
 * nobody can tell, and the others stand for them. A survey now and then asks which of the watched live, a piece at a time. When the set
 * is full, half of it, drawn at random, is let go and the rest counts double.
 *
 * GVL, main Ractor, outside of hooks. What may raise says so and is called by guarded_call. */
#ifndef HEAP_PERISCOPE_RETAINED_SET_H
#define HEAP_PERISCOPE_RETAINED_SET_H

#include "sampling/allocation_window.h"
#include "sampling/call_sites.h"
#include "sampling/weak_set.h"

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETAINED_MAX    WEAK_PLACES
#define RETAINED_GROUPS 16
/* Who is watched from now on, in one second and for each core that sampling may cost: asking for one that has died takes some
 * microseconds, once. */
#define RETAINED_NEW_PER_SECOND 20000.0
/* Of one window, at most. */
#define RETAINED_NEW_MAX 512

/* Upper bounds of the lifetime histogram, in seconds; the last bucket has none. */
extern const double retained_lifetime_bounds_s[SITE_LIFETIMES];

struct retained_record {
    bool used;
    bool tested;    /* found alive after a collection that could have freed it */
    uint8_t majors; /* major collections survived, at most 255 */
    uint8_t group;  /* of windows, for the standard error */
    uint32_t stack; /* of call_sites, or CALL_SITE_NONE */
    uint32_t class_index;
    uint32_t born_major;
    uint32_t asked_major;           /* major collections when it was last asked for */
    size_t born_collections;        /* GC.count, when it became a record */
    VALUE class_id;                 /* of its class, an Integer: an object of another class is another */
    uint64_t born_ns, last_seen_ns; /* monotonic */
    uint64_t outlived_ns; /* its age, at least, at the latest full collection it outlived; 0: not known */
    uint64_t bytes;
    double weight; /* living objects of the process that it stands for */
};

/* Begins empty. In person; may raise. */
void retained_set_start(void);

/* Fixes what is drawn at random, for specs. */
void retained_set_seed(uint64_t number);

/* Watches nobody any more. */
void retained_set_stop(void);

bool retained_set_running_p(void);

/* Has a sample of the window that is being digested watched, perhaps: who is, retained_set_choose says. `weight` is how many allocations
 * the sample stands for. Calls no methods and does not raise. */
void retained_set_add(const struct window_sample *sample, uint32_t stack, uint32_t class_index, double weight,
                      uint64_t window);

/* Chooses who of the window is watched, at most `room`, and watches them. Calls no methods; may raise NoMemoryError: by
 * guarded_c_call. */
void retained_set_choose(uint32_t room);

/* How many may be watched of the window that is over now. `budget`: cores that sampling may cost. */
uint32_t retained_set_room(uint64_t now_ns, double budget);

/* Forgets who was added and not chosen: their window is no more. Does not raise. */
void retained_set_window_over(void);

/* True when watched objects wait to be put into the weak set. */
bool retained_set_waiting_p(void);

/* Puts them in, unless a survey is under way, which does. In person; may raise. */
void retained_set_settle(void);

/* True when it is time for a survey, or for its next piece: a collection has run since the last one, or room is short. */
bool retained_set_survey_due(uint64_t now_ns);

/* Finds out who lives, how old and how large they are; about 1 ms of it. True when that was the last piece of a survey. In person; may
 * raise. Lets other threads run: one that comes while another is at it does nothing. Where the VM does not tell any more, the set
 * stops. */
bool retained_set_survey(uint64_t now_ns);

size_t retained_set_watched(void);
uint64_t retained_set_missed(void);

/* What the weak set's map takes, 0 where there is none. Any thread. */
uint64_t retained_set_map_bytes(void);

/* The records, RETAINED_MAX places, most of them perhaps unused. */
const struct retained_record *retained_records(void);

/* Nanoseconds by which one major collection is longer for the set's sake, estimated. */
double retained_set_mark_cost_ns(void);

#endif
