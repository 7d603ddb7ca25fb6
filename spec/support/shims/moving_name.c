/* moving.example has the addresses that the file SHIM_ADDRESSES names, with blanks between them; none where there is no such file. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!host || strcmp(host, "moving.example") != 0) return real(host, service, hints, result);
    FILE *file = fopen(getenv("SHIM_ADDRESSES"), "r");
    if (!file) return EAI_AGAIN;
    char address[64];
    struct addrinfo **end = result;
    *result = NULL;
    while (fscanf(file, "%63s", address) == 1 && real(address, service, hints, end) == 0)
        while (*end)
            end = &(*end)->ai_next;
    fclose(file);
    return *result ? 0 : EAI_NONAME;
}
