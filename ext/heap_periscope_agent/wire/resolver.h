/* Host names to addresses. getaddrinfo may hang for half a minute and cannot be cancelled, so it runs in a detached thread of
 * its own (all signals blocked, never touches Ruby) and is abandoned when nobody waits for it any more. No GVL. */
#ifndef HEAP_PERISCOPE_RESOLVER_H
#define HEAP_PERISCOPE_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define RESOLVER_HOST_MAX 256

enum resolver_answer { RESOLVER_FOUND, RESOLVER_FAILED, RESOLVER_PENDING };

struct resolver_address {
    struct sockaddr_storage address;
    socklen_t length;
};

/* Looks `host` up, waiting at most `patience_ns`; numeric addresses are answered at once. One look-up is under way at a
 * time: PENDING means that it has not answered yet; ask again later with the same or another host. Of several addresses it is the one
 * that `found` holds, if any, else the system's first: who asks again stays where it is. Serialised by the caller. */
enum resolver_answer resolver_lookup(const char *host, int port, uint64_t patience_ns,
                                     struct resolver_address *found);

/* True when both are the same address, whatever their ports. */
bool resolver_same_p(const struct resolver_address *one, const struct resolver_address *other);

/* Around fork. The child forgets a look-up of its parent. */
void resolver_lock(void);
void resolver_unlock(void);
void resolver_reset(void);

void resolver_init(void);

#endif
