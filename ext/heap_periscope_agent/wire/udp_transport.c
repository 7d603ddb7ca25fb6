#include "wire/udp_transport.h"

#include "base/agent_cost.h"
#include "base/clock.h"
#include "wire/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two attempts to reach a target that cannot be reached. */
#define RETRY_AFTER_NS (UINT64_C(5) * 1000000000u)
/* How often a name is looked up again although nothing is amiss: its old address may swallow what comes without a word. */
static uint64_t look_again_after_ns = UINT64_C(60) * 1000000000u;
/* macOS gives a UDP socket room for 9 KB unless it is asked for more. */
#define SEND_BUFFER_BYTES (256 * 1024)

static pthread_mutex_t lock;
static struct {
    char host[RESOLVER_HOST_MAX];
    int port;
    int socket;   /* -1: none; connected otherwise */
    dev_t device; /* of that socket: a program may close descriptors that are not its own, */
    ino_t inode;  /* and then the number belongs to something else */
    bool refused; /* since it was opened */
    struct resolver_address address; /* of that socket */
    uint64_t opened_ns, not_before_ns, looked_up_ns;
    char *complaint;
    char complained_of[RESOLVER_HOST_MAX + 80];
} transport = {.socket = -1};

void udp_transport_init(void)
{
    pthread_mutex_init(&lock, NULL);
}

/* --- all below with the lock held ---------------------------------------------------------------------------------------- */

static bool own_socket_p(void)
{
    struct stat found;
    return transport.socket >= 0 && fstat(transport.socket, &found) == 0 && S_ISSOCK(found.st_mode) &&
           found.st_dev == transport.device && found.st_ino == transport.inode;
}

static void close_socket(void)
{
    if (own_socket_p()) close(transport.socket);
    transport.socket = -1;
    transport.address.length = 0;
}

static void complain(const char *what)
{
    char sentence[sizeof transport.complained_of];
    snprintf(sentence, sizeof sentence, "cannot send to %s port %d: %s", transport.host, transport.port,
             what);
    if (strcmp(sentence, transport.complained_of) == 0) return;
    strcpy(transport.complained_of, sentence);
    free(transport.complaint);
    transport.complaint = strdup(sentence);
}

/* Inherited by no program that is executed, and never blocking. */
static int new_socket(int family)
{
#ifdef SOCK_CLOEXEC
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
    int fd = socket(family, SOCK_DGRAM, 0);
    if (fd < 0) return fd;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    int on = 1, bytes = SEND_BUFFER_BYTES;
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
#endif
    return fd;
}

static bool open_socket(const struct resolver_address *target)
{
    int fd = new_socket(target->address.ss_family);
    if (fd < 0) return false;
    struct stat found;
    if (connect(fd, (const struct sockaddr *)&target->address, target->length) != 0 ||
        fstat(fd, &found) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return false;
    }
    transport.socket = fd;
    transport.device = found.st_dev;
    transport.inode = found.st_ino;
    transport.refused = false;
    transport.address = *target;
    transport.opened_ns = transport.looked_up_ns = monotonic_ns();
    return true;
}

static bool target_p(const char *host, int port)
{
    return strcmp(host, transport.host) == 0 && port == transport.port;
}

/* The address of a name may take its time: the lock is let go of meanwhile, since a fork takes it too. */
static enum resolver_answer look_up(uint64_t patience_ns, struct resolver_address *target)
{
    char host[sizeof transport.host];
    int port = transport.port;
    strcpy(host, transport.host);
    *target = transport.address;
    pthread_mutex_unlock(&lock);
    enum resolver_answer answer = resolver_lookup(host, port, patience_ns, target);
    pthread_mutex_lock(&lock);
    return target_p(host, port) ? answer : RESOLVER_PENDING;
}

/* The old address is good until there is another: a name server may be down as well. */
static void follow_name(uint64_t now_ns)
{
    if (now_ns - transport.looked_up_ns < look_again_after_ns) return;
    uint64_t opened_ns = transport.opened_ns;
    struct resolver_address target;
    enum resolver_answer answer = look_up(0, &target);
    if (answer == RESOLVER_PENDING) return; /* asked for again with the next report */
    transport.looked_up_ns = now_ns;
    bool ours = transport.socket >= 0 && transport.opened_ns == opened_ns; /* the lock was let go of */
    if (answer == RESOLVER_FOUND && ours && !resolver_same_p(&target, &transport.address)) close_socket();
    if (ours && transport.socket < 0 && !open_socket(&target)) {
        transport.not_before_ns = now_ns + RETRY_AFTER_NS;
        complain(strerror(errno));
    }
}

static bool connected(uint64_t patience_ns)
{
    uint64_t now_ns = monotonic_ns();
    if (!own_socket_p()) transport.socket = -1;
    /* Who refuses may not be who goes by the name by now. */
    if (transport.refused && now_ns - transport.opened_ns > RETRY_AFTER_NS) close_socket();
    if (transport.socket >= 0) follow_name(now_ns);
    if (transport.socket >= 0) return true;
    if (now_ns < transport.not_before_ns) return false;

    struct resolver_address target;
    enum resolver_answer answer = look_up(patience_ns, &target);
    if (transport.socket >= 0) return true; /* another thread was quicker */
    switch (answer) {
    case RESOLVER_PENDING: return false;
    case RESOLVER_FAILED:
        transport.not_before_ns = now_ns + RETRY_AFTER_NS;
        complain("the name does not resolve");
        return false;
    case RESOLVER_FOUND: break;
    }
    if (open_socket(&target)) return true;
    transport.not_before_ns = now_ns + RETRY_AFTER_NS;
    complain(strerror(errno));
    return false;
}

static void count_refusal(void)
{
    transport.refused = true;
    agent_cost_add(COST_DATAGRAMS_REFUSED, 1);
}

/* A refusal reported by send() belongs to an earlier datagram: the one at hand gets a second try. */
static bool send_one(const struct datagram *datagram)
{
    for (int tries = 0; tries < 3; tries++) {
        ssize_t sent = send(transport.socket, datagram->bytes, datagram->length,
                            MSG_DONTWAIT
#ifdef MSG_NOSIGNAL
                                | MSG_NOSIGNAL
#endif
        );
        if (sent == (ssize_t)datagram->length) return true;
        if (errno == ECONNREFUSED)
            count_refusal();
        else if (errno != EINTR)
            return false;
    }
    return false;
}

/* The network may have changed: forget the socket, and with it the address of a name. */
static void after_failure(int error)
{
    if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == EMSGSIZE ||
        error == ECONNREFUSED)
        return;
    complain(strerror(error));
    close_socket();
    transport.not_before_ns = monotonic_ns() + RETRY_AFTER_NS;
}

/* Answers how many went out at once; the slow path takes the rest one by one. */
static size_t send_many(const struct datagram *datagrams, size_t count)
{
#ifdef HAVE_SENDMMSG
    struct iovec buffers[16];
    struct mmsghdr messages[16];
    size_t batch = count < 16 ? count : 16;
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < batch; i++) {
        buffers[i] = (struct iovec){datagrams[i].bytes, datagrams[i].length};
        messages[i].msg_hdr.msg_iov = &buffers[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = sendmmsg(transport.socket, messages, (unsigned)batch, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == ECONNREFUSED) count_refusal();
    return sent > 0 ? (size_t)sent : 0;
#else
    (void)datagrams;
    (void)count;
    return 0;
#endif
}

static size_t bytes_of(const struct datagram *datagrams, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += datagrams[i].length;
    return bytes;
}

static size_t send_all(const struct datagram *datagrams, size_t count, size_t *bytes)
{
    size_t next = 0, taken = 0;
    while (next < count && transport.socket >= 0) {
        size_t sent = send_many(datagrams + next, count - next);
        if (!sent) {
            sent = send_one(&datagrams[next]);
            if (!sent) after_failure(errno);
        }
        taken += sent;
        *bytes += bytes_of(datagrams + next, sent);
        next += sent ? sent : 1;
    }
    return taken;
}

/* ------------------------------------------------------------------------------------------------------------------------- */

void udp_transport_set_target(const char *host, int port)
{
    pthread_mutex_lock(&lock);
    if (!target_p(host, port)) {
        snprintf(transport.host, sizeof transport.host, "%s", host);
        transport.port = port;
        transport.not_before_ns = 0;
        close_socket();
    }
    pthread_mutex_unlock(&lock);
}

bool udp_transport_loopback_p(void)
{
    pthread_mutex_lock(&lock);
    bool loopback = strncmp(transport.host, "127.", 4) == 0 || strcmp(transport.host, "::1") == 0 ||
                    strcmp(transport.host, "localhost") == 0;
    pthread_mutex_unlock(&lock);
    return loopback;
}

void udp_transport_connect(uint64_t patience_ns)
{
    pthread_mutex_lock(&lock);
    connected(patience_ns);
    pthread_mutex_unlock(&lock);
}

bool udp_transport_send(const struct datagram *datagrams, size_t count)
{
    size_t bytes = 0;
    pthread_mutex_lock(&lock);
    size_t taken = connected(0) ? send_all(datagrams, count, &bytes) : 0;
    pthread_mutex_unlock(&lock);

    agent_cost_add(COST_DATAGRAMS_SENT, taken);
    agent_cost_add(COST_BYTES_SENT, bytes);
    agent_cost_add(COST_DATAGRAMS_DROPPED, count - taken);
    return taken == count;
}

char *udp_transport_take_complaint(void)
{
    pthread_mutex_lock(&lock);
    char *complaint = transport.complaint;
    transport.complaint = NULL;
    pthread_mutex_unlock(&lock);
    return complaint;
}

void udp_transport_look_again_after(uint64_t ns)
{
    pthread_mutex_lock(&lock);
    look_again_after_ns = ns;
    pthread_mutex_unlock(&lock);
}

void udp_transport_lock(void)
{
    pthread_mutex_lock(&lock);
}

void udp_transport_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void udp_transport_reset(void)
{
    pthread_mutex_init(&lock, NULL);
    transport.not_before_ns = 0;
    close_socket();
}
