#include "process/identity.h"

#include "base/clock.h"

#include <fcntl.h>
#include <ruby.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char instance[37], host[256], ruby[32], agent[32];
static pid_t owner;

static void read_random(unsigned char *bytes, size_t size)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, bytes, size);
    if (fd >= 0) close(fd);
    if (got == (ssize_t)size) return;

    /* No random source (a bare chroot): unique on this machine is enough. */
    uint64_t seed[2] = {monotonic_ns() ^ clock_read_ns(CLOCK_REALTIME), (uint64_t)getpid()};
    memcpy(bytes, seed, size < sizeof seed ? size : sizeof seed);
}

/* RFC 9562, version 4. */
static void new_uuid(char *text, size_t size)
{
    unsigned char b[16];
    read_random(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(text, size, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

void identity_init(const char *agent_version)
{
    snprintf(agent, sizeof agent, "%s", agent_version);
    VALUE version = rb_const_get(rb_cObject, rb_intern("RUBY_VERSION"));
    snprintf(ruby, sizeof ruby, "%s", StringValueCStr(version));
    if (gethostname(host, sizeof host - 1) != 0) strcpy(host, "localhost");
    identity_renew();
}

void identity_renew(void)
{
    new_uuid(instance, sizeof instance);
    owner = getpid();
}

bool identity_stale_p(void)
{
    return owner != getpid();
}

long identity_pid(void)
{
    return (long)owner;
}

const char *identity_instance(void)
{
    return instance;
}

const char *identity_host(void)
{
    return host;
}

const char *identity_ruby(void)
{
    return ruby;
}

const char *identity_agent(void)
{
    return agent;
}
