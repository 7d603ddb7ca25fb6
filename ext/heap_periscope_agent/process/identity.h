/* Who reports: process id, host, versions, and the id of this life of the process. Strings live as long as the process. */
#ifndef HEAP_PERISCOPE_IDENTITY_H
#define HEAP_PERISCOPE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

/* Once, from Init, with HeapPeriscopeAgent::VERSION. GVL. */
void identity_init(const char *agent_version);

/* A new instance id. At boot and in every forked child. GVL. */
void identity_renew(void);

/* True when this process was forked from the one that the identity belongs to, and nobody has renewed it. Any thread. */
bool identity_stale_p(void);

long identity_pid(void);
const char *identity_instance(void);
const char *identity_host(void);
const char *identity_ruby(void);
const char *identity_agent(void);

#endif
