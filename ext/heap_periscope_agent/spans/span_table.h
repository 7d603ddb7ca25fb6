/*
 * What was measured, by (type, name) of span. A pure data structure: no Ruby API, own malloc.
 *
 * Callers: under the GVL, except that `type` and `name` of an entry may be read from anywhere, a hook or another
 * thread included: an entry never moves and is never freed, only its figures are set back.
 * Bounded: SPAN_TYPES_MAX types, and a settable number of names for each; what comes after goes under "(other)".
 */
#ifndef HEAP_PERISCOPE_SPAN_TABLE_H
#define HEAP_PERISCOPE_SPAN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPAN_TYPES_MAX     16
#define SPAN_TYPE_BYTES    64
#define SPAN_NAME_BYTES    256
#define SPAN_OTHER         "(other)"
#define SPAN_UNNAMED       "(unnamed)"
#define SPAN_TYPE_FALLBACK "custom"

/* Sums over ended calls. Wall time, objects and GC time of a call inside a call of the same name count once. */
struct span_totals {
    uint64_t calls;
    uint64_t errors; /* calls that ended by an exception */
    uint64_t wall_ns;
    uint64_t allocated_objects; /* of the whole process */
    uint64_t gc_ns;
};

/* One class of the living objects after a call. */
struct span_live_class {
    char *name; /* owned */
    bool platform;
    uint64_t count;
    uint64_t bytes;
};

/* The living objects after a call, by class. Never changed once it is set; freed with its last reference. */
struct span_live {
    int references;          /* atomic */
    uint64_t measured_at_ns; /* since the epoch */
    size_t length;
    struct span_live_class classes[];
};

struct span_entry {
    struct span_totals totals; /* since the process (or, after a fork, this process) began */
    uint64_t last_called_ns;   /* monotonic, 0: never */
    const char *name;          /* NUL-terminated UTF-8 */
    size_t name_length;
    const char *type;            /* likewise */
    struct span_totals reported; /* the part of the totals that is in a report */
    struct span_live *live;      /* NULL until there was a census */
    bool live_reported;
    uint64_t last_measured_ns; /* monotonic, 0: never; begin of the census */
    struct span_entry *next_in_bucket;
};

/* What one name did since it was reported before. Owned by the report, read without the GVL. */
struct span_row {
    const struct span_entry *entry; /* type and name only */
    struct span_totals delta;
    struct span_live *live;      /* own reference, or NULL */
    struct span_live *survivors; /* likewise; see span_survivors.h */
};

/*
 * The entry of a (type, name), made when it is new. Bytes that are no UTF-8 become "?", longer text is cut at a
 * character. NULL when memory is short.
 */
struct span_entry *span_table_entry(const char *type, size_t type_length, const char *name,
                                    size_t name_length);

/* All entries in order of creation: `span_table_at(i)` for i below `span_table_size()`. */
size_t span_table_size(void);
struct span_entry *span_table_at(size_t index);

/* Names kept for each type, without "(other)"; at least 1. Names already there stay. */
void span_table_set_limit(size_t names);

/* Adds one ended call. `outermost` is false inside a call of the same name. */
void span_table_add(struct span_entry *entry, const struct span_totals *call, bool outermost);

/*
 * Rows of all entries with calls or a census since the last report that took them, into *rows (malloc, released by
 * span_rows_free). Returns their number; 0 and NULL when there are none or memory is short. Unless it takes them, or when
 * memory is short, nothing counts as reported.
 */
size_t span_table_report(struct span_row **rows, bool take);

/* Releases what span_table_report gave. Needs no GVL. */
void span_rows_free(struct span_row *rows, size_t length);

/* Room for `length` classes, zeroed, with one reference. NULL when memory is short. */
struct span_live *span_live_new(size_t length);
/* One more reference, or one less; NULL is taken. Any thread. */
struct span_live *span_live_retain(struct span_live *live);
void span_live_release(struct span_live *live);

/* Hands `live` and its reference to the entry. */
void span_table_set_live(struct span_entry *entry, struct span_live *live);

/* Sets all figures back, as a forked child must. Entries stay. */
void span_table_reset(void);

#ifdef HEAP_PERISCOPE_TESTING
/* Forgets all types and names; their memory is not given back, since a hook may still hold one: its name_length is 0 then. */
void span_table_forget(void);
#endif

#endif
