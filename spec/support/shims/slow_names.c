/* A name server that does not answer: getaddrinfo takes as long as SHIM_SECONDS says, for every name but localhost. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!host || strcmp(host, "slow.example") != 0) return real(host, service, hints, result);
    struct timespec pause = {atoi(getenv("SHIM_SECONDS")), 0};
    nanosleep(&pause, NULL);
    return EAI_AGAIN;
}
