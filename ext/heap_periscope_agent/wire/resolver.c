#include "wire/resolver.h"

#include "base/clock.h"
#include "base/wait_point.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a fork waits for a look-up that has just begun. */
#define FORK_PATIENCE_NS MS_TO_NS(20)
/* Addresses of one name that are told apart. */
#define ANSWERS_MAX 16

struct lookup {
    char host[RESOLVER_HOST_MAX];
    int port;
    bool done, abandoned; /* under the lock */
    struct resolver_address answers[ANSWERS_MAX];
    size_t count;
};

static struct wait_point point;
static struct lookup *current; /* under the lock; freed by whoever sees it last */
static int in_flight;          /* under the lock: threads inside getaddrinfo */
static uint64_t begun_ns;      /* under the lock: when the youngest of them went in */

void resolver_init(void)
{
    wait_point_init(&point);
}

static void set_port(struct resolver_address *found, int port)
{
    if (found->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&found->address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&found->address)->sin_port = htons((uint16_t)port);
}

/* Leaves `found` as it is where that is a name. */
static bool parse_numeric(const char *host, struct resolver_address *found)
{
    struct resolver_address parsed = {.length = 0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&parsed.address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&parsed.address;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        parsed.length = sizeof *v4;
    } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        parsed.length = sizeof *v6;
    }
    if (parsed.length) *found = parsed;
    return parsed.length > 0;
}

static void ask_system(struct lookup *lookup)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM}, *list = NULL;
    if (getaddrinfo(lookup->host, NULL, &hints, &list) != 0 || !list) return;

    for (struct addrinfo *one = list; one && lookup->count < ANSWERS_MAX; one = one->ai_next) {
        struct resolver_address *answer = &lookup->answers[lookup->count++];
        memcpy(&answer->address, one->ai_addr, one->ai_addrlen);
        answer->length = one->ai_addrlen;
    }
    freeaddrinfo(list);
}

static void *look_up(void *argument)
{
    struct lookup *lookup = argument;
    ask_system(lookup);

    wait_point_lock(&point);
    in_flight--;
    lookup->done = true;
    bool abandoned = lookup->abandoned;
    wait_point_wake(&point);
    wait_point_unlock(&point);
    if (abandoned) free(lookup);
    return NULL;
}

/* With the lock held. */
static void begin(const char *host, int port)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup) return;
    snprintf(lookup->host, sizeof lookup->host, "%s", host);
    lookup->port = port;

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 512 * 1024);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    if (pthread_create(&thread, &attributes, look_up, lookup) == 0) {
        current = lookup;
        in_flight++;
        begun_ns = monotonic_ns();
    } else {
        free(lookup);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

/* With the lock held. */
static void forget(void)
{
    if (!current) return;
    if (current->done)
        free(current);
    else
        current->abandoned = true;
    current = NULL;
}

bool resolver_same_p(const struct resolver_address *one, const struct resolver_address *other)
{
    if (one->address.ss_family != other->address.ss_family) return false;
    if (one->address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&one->address,
                                  *other_v6 = (const struct sockaddr_in6 *)&other->address;
        return memcmp(&v6->sin6_addr, &other_v6->sin6_addr, sizeof v6->sin6_addr) == 0 &&
               v6->sin6_scope_id == other_v6->sin6_scope_id;
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&one->address,
                             *other_v4 = (const struct sockaddr_in *)&other->address;
    return v4->sin_addr.s_addr == other_v4->sin_addr.s_addr;
}

static const struct resolver_address *choose(const struct lookup *lookup,
                                             const struct resolver_address *preferred)
{
    for (size_t i = 0; preferred->length && i < lookup->count; i++)
        if (resolver_same_p(&lookup->answers[i], preferred)) return &lookup->answers[i];
    return &lookup->answers[0];
}

enum resolver_answer resolver_lookup(const char *host, int port, uint64_t patience_ns,
                                     struct resolver_address *found)
{
    if (parse_numeric(host, found)) {
        set_port(found, port);
        return RESOLVER_FOUND;
    }
    uint64_t deadline_ns = monotonic_ns() + patience_ns;
    enum resolver_answer answer = RESOLVER_PENDING;

    wait_point_lock(&point);
    if (current && (strcmp(current->host, host) != 0 || current->port != port)) forget();
    if (!current && in_flight < 2) {
        begin(host, port);
    } else {
        deadline_ns = 0; /* asked before: its patience has been spent */
    }
    while (current && !current->done && wait_point_wait_until(&point, deadline_ns))
        ;
    if (current && current->done) {
        answer = current->count ? RESOLVER_FOUND : RESOLVER_FAILED;
        if (current->count) *found = *choose(current, found);
        forget();
    }
    wait_point_unlock(&point);
    if (answer == RESOLVER_FOUND) set_port(found, port);
    return answer;
}

void resolver_lock(void)
{
    wait_point_lock(&point);
    /* The C library's locks are not ours to take: give a look-up that has just begun the time to let go of them. One that takes
     * longer waits for the network, and holds none. */
    while (in_flight > 0 && wait_point_wait_until(&point, begun_ns + FORK_PATIENCE_NS))
        ;
}

void resolver_unlock(void)
{
    wait_point_unlock(&point);
}

void resolver_reset(void)
{
    wait_point_init(&point);
    current = NULL; /* its thread stayed in the parent; the few bytes go with the process */
    in_flight = 0;
}
