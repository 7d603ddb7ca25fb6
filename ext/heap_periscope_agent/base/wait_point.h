/* Mutex and condition variable on the monotonic clock. No Ruby API, no GVL. */
#ifndef HEAP_PERISCOPE_WAIT_POINT_H
#define HEAP_PERISCOPE_WAIT_POINT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct wait_point {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
};

void wait_point_init(struct wait_point *point);
void wait_point_lock(struct wait_point *point);
void wait_point_unlock(struct wait_point *point);

/* With the lock held: wakes all who wait. */
void wait_point_wake(struct wait_point *point);

/* With the lock held: waits until woken or until `deadline_ns` (monotonic). False when the time is over. May wake early. */
bool wait_point_wait_until(struct wait_point *point, uint64_t deadline_ns);

#endif
