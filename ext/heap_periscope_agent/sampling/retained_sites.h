/* What is known to live, summed by allocation site. GVL, outside of hooks; nothing here raises. */
#ifndef HEAP_PERISCOPE_RETAINED_SITES_H
#define HEAP_PERISCOPE_RETAINED_SITES_H

#include "sampling/retained_set.h"

enum retained_age {
    AGE_YOUNG,
    AGE_MIDDLE,
    AGE_OLD,
    RETAINED_AGES
}; /* major collections survived: 0, 1 to 3, more */

/* What lives of one site. */
struct retained_site {
    uint32_t site; /* of call_sites */
    size_t watched;
    double objects, bytes, ages[RETAINED_AGES];
    double groups[RETAINED_GROUPS]; /* objects, by group of windows */
};

/* Sums by site into `rows` (CALL_SITES_MAX places) what is known to live: objects that no collection has tested yet, most of
 * which are garbage, are left out. Answers how many. */
size_t retained_sites_sum(struct retained_site *rows);

/* Standard error of a site's objects. Pure. */
double retained_site_error(const struct retained_site *row);

#endif
