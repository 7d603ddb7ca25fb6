#include "config/agent_config.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct agent_config current;

void agent_config_set(const struct agent_config *next)
{
    pthread_mutex_lock(&lock);
    unsigned generation = current.generation + 1;
    current = *next;
    current.generation = generation;
    pthread_mutex_unlock(&lock);
}

void agent_config_copy(struct agent_config *config)
{
    pthread_mutex_lock(&lock);
    *config = current;
    pthread_mutex_unlock(&lock);
}

void agent_config_lock(void)
{
    pthread_mutex_lock(&lock);
}

void agent_config_unlock(void)
{
    pthread_mutex_unlock(&lock);
}
