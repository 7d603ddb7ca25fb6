#include "sampling/retained_sites.h"

#include <math.h>
#include <string.h>

static void add_to_site(struct retained_site *row, const struct retained_record *record)
{
    enum retained_age age = record->majors == 0 ? AGE_YOUNG : record->majors <= 3 ? AGE_MIDDLE : AGE_OLD;
    row->watched++;
    row->objects += record->weight;
    row->bytes += record->weight * (double)record->bytes;
    row->ages[age] += record->weight;
    row->groups[record->group] += record->weight;
}

size_t retained_sites_sum(struct retained_site *rows)
{
    static uint32_t row_of[CALL_SITES_MAX]; /* + 1 */
    memset(row_of, 0, sizeof row_of);
    size_t count = 0;
    for (uint32_t i = 0; retained_set_running_p() && i < RETAINED_MAX; i++) {
        const struct retained_record *record = &retained_records()[i];
        if (!record->tested || !record->used || record->stack == CALL_SITE_NONE) continue;
        uint32_t site = call_stack_at(record->stack)->site;
        if (!row_of[site]) {
            rows[count] = (struct retained_site){.site = site};
            row_of[site] = (uint32_t)++count;
        }
        add_to_site(&rows[row_of[site] - 1], record);
    }
    return count;
}

/* Windows fall into groups by turns; the groups' sums are independent estimates of the same sum (Wolter, Introduction to
 * Variance Estimation, 2.2: random groups). */
double retained_site_error(const struct retained_site *row)
{
    double mean = row->objects / RETAINED_GROUPS, squares = 0;
    for (size_t i = 0; i < RETAINED_GROUPS; i++)
        squares += (row->groups[i] - mean) * (row->groups[i] - mean);
    return sqrt(squares * RETAINED_GROUPS / (RETAINED_GROUPS - 1));
}
