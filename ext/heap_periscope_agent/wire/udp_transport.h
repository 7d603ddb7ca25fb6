/* Datagrams out of the process. Never blocks, never raises, no Ruby API; from any thread, with or without the GVL (one lock, held for
 * the time of a system call). What cannot be sent is counted as dropped. */
#ifndef HEAP_PERISCOPE_UDP_TRANSPORT_H
#define HEAP_PERISCOPE_UDP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct datagram {
    char *bytes;
    size_t length;
    size_t number_at; /* where the sequence number stands (report_json.h) */
};

void udp_transport_init(void);

/* Where to send to: an IPv4 or IPv6 address or a name. A change takes effect with the next send. */
void udp_transport_set_target(const char *host, int port);

/* True when the target is a loopback address or `localhost`. */
bool udp_transport_loopback_p(void);

/* Makes sure that there is a socket, where that is possible: waits at most `patience_ns` for the address of a name that is being looked
 * up for the first time. */
void udp_transport_connect(uint64_t patience_ns);

/* Hands the datagrams to the kernel in order. True when all of them were taken. Never waits: while the address is not known,
 * datagrams are dropped. */
bool udp_transport_send(const struct datagram *datagrams, size_t count);

/* A sentence about the last failure that a person could mend (unknown host, unreachable network), or NULL; each is told
 * once. The caller frees it. */
char *udp_transport_take_complaint(void);

/* For specs: how long an address of a name is good, instead of a minute. */
void udp_transport_look_again_after(uint64_t ns);

/* Around fork; `reset` closes the child's copy of the socket. */
void udp_transport_lock(void);
void udp_transport_unlock(void);
void udp_transport_reset(void);

#endif
