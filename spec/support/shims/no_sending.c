/* As long as the file named by SHIM_FLAG is there, nothing can be sent over UDP: the socket's buffer is full or, with SHIM_UNREACHABLE in
 * the environment, there is no route. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int refused(void)
{
    const char *flag = getenv("SHIM_FLAG");
    if (!flag || access(flag, F_OK) != 0) return 0;
    errno = getenv("SHIM_UNREACHABLE") ? ENETUNREACH : EAGAIN;
    return 1;
}

ssize_t send(int socket, const void *bytes, size_t length, int flags)
{
    ssize_t (*real)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
    return refused() ? -1 : real(socket, bytes, length, flags);
}

int sendmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags)
{
    int (*real)(int, struct mmsghdr *, unsigned, int) = dlsym(RTLD_NEXT, "sendmmsg");
    return refused() ? -1 : real(socket, messages, count, flags);
}
