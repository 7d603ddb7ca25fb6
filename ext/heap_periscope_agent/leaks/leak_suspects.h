/* The leak suspects of this process: one detector, the suspects it found last, and where their survivors come from. Everything is
 * behind one lock, which is never held while waiting for the GVL. Any thread, GVL or not. */
#ifndef HEAP_PERISCOPE_LEAK_SUSPECTS_H
#define HEAP_PERISCOPE_LEAK_SUSPECTS_H

#include "heap/class_names.h"
#include "leaks/leak_detector.h"
#include "sampling/retained_origins.h"

/* What a user is told. Plain memory: copied as it is. */
struct leak_suspect {
    char class_name[CLASS_NAME_MAX_BYTES + 1];
    enum leak_confidence confidence;
    bool by_bytes, news;
    double objects_per_hour, objects_per_hour_error, bytes_per_hour, bytes_per_hour_error;
    struct leak_moment since;
    uint64_t settled_ns; /* monotonic; what was born before outlived an interval at least */
    uint64_t count, bytes;
    struct retained_origins origins; /* zeroed where they are not known */
};

struct leak_suspect_list {
    struct leak_suspect *suspects; /* malloc, most bytes an hour first */
    size_t count;
};

/* Shows a complete, sorted census by class to the detector. True when it was new to it; then `found` holds its suspects, still
 * without origins, and is the caller's to publish. */
bool leak_suspects_find(const struct census_result *census, const struct leak_moment *moment,
                        uint64_t collections, struct leak_suspect_list *found);

/* Makes the list the one that is told. Takes its memory over. */
void leak_suspects_publish(struct leak_suspect_list *list);

/* A copy of the list that is told; free it with leak_suspects_free. */
void leak_suspects_copy(struct leak_suspect_list *list);

void leak_suspects_free(struct leak_suspect_list *list);

/* Around fork, and in the child: it knows nothing. */
void leak_suspects_lock(void);
void leak_suspects_unlock(void);
void leak_suspects_reset(void);

#endif
