/* Where the living objects of one class come from, by the retained set: what leak suspects name. GVL, outside of hooks; does not
 * allocate Ruby objects, does not raise. */
#ifndef HEAP_PERISCOPE_RETAINED_ORIGINS_H
#define HEAP_PERISCOPE_RETAINED_ORIGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETAINED_ORIGINS_MAX  5
#define RETAINED_PATH_BYTES   256
#define RETAINED_METHOD_BYTES 128
#define RETAINED_STACK_LINES  16
#define RETAINED_LINE_BYTES   400

struct span_entry;

struct retained_site_share {
    char path[RETAINED_PATH_BYTES]; /* "" where the stack had no Ruby frame */
    int line;
    char method[RETAINED_METHOD_BYTES];
    double share; /* of the living objects of the class that were sampled, 0.0–1.0 */
};

struct retained_span_share {
    const struct span_entry *span; /* lives as long as the process; never NULL */
    double share;
};

struct retained_origins {
    struct retained_site_share sites[RETAINED_ORIGINS_MAX]; /* largest share first */
    size_t site_count;
    struct retained_span_share spans[RETAINED_ORIGINS_MAX];
    size_t span_count;
    char stack[RETAINED_STACK_LINES]
              [RETAINED_LINE_BYTES]; /* of the first site, innermost application frame first */
    size_t stack_lines;
};

/* Which survivors the shares are of: those of a growth, not what was there before it, nor what is just in use. */
struct retained_growth {
    uint64_t since_ns;  /* monotonic: born then or later */
    uint64_t settle_ns; /* and as old as this at least */
    bool by_bytes;      /* objects grow, not their number: of any age then, and a share is one of bytes */
};

/* Fills `origins` for a class by its name, as class_names_write writes it. Shares are of the survivors that outlived a full
 * collection when they were settled, since old garbage has not; where there are too few of these, of all settled ones; where there
 * are none either, of all that live. False, with everything zero, where nothing of the class is watched or the retained set is
 * refused. */
bool retained_origins_of(const char *class_name, const struct retained_growth *growth,
                         struct retained_origins *origins);

#endif
