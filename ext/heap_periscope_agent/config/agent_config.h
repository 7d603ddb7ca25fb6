/* The options the native parts need, as plain C. Written when the Ruby configuration changed, read by anybody as a copy; a change is
 * seen at the next tick. Nothing is set before the first `agent_config_set`, which the gem does as it loads. Any thread. */
#ifndef HEAP_PERISCOPE_AGENT_CONFIG_H
#define HEAP_PERISCOPE_AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_HOST_MAX   256
#define AGENT_KEY_ID_MAX 65

struct agent_config {
    unsigned generation; /* another one after every change */
    double interval_s;
    char host[AGENT_HOST_MAX];
    int port;
    bool detailed_objects;
    size_t detailed_objects_limit;
    uint64_t census_slice_ns;
    size_t max_datagram_bytes; /* 0: by the kind of host */
    bool sign;
    unsigned key; /* of signer.h, where `sign` */
    char key_id[AGENT_KEY_ID_MAX];
    bool gc_pauses; /* hooks for single pauses */
    double census_budget;
    size_t max_spans;
    bool allocation_sampling;
    double allocation_budget;
    int allocation_stack_depth;
};

/* Takes all of `next` but its generation, which is counted on. */
void agent_config_set(const struct agent_config *next);

void agent_config_copy(struct agent_config *config);

/* Around fork. */
void agent_config_lock(void);
void agent_config_unlock(void);

#endif
