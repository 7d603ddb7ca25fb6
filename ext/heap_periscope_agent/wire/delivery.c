#include "wire/delivery.h"

#include "wire/signer.h"

#include <pthread.h>

/* An IPv4 datagram carries at most 65 507 bytes; the loopback device takes that much, others fragment above their MTU. */
#define LOOPBACK_LIMIT 60000
#define NETWORK_LIMIT  1400

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t latest; /* number of the newest report that left or was dropped; under the lock */

static size_t datagram_limit(const struct agent_config *config)
{
    if (config->max_datagram_bytes) return config->max_datagram_bytes;
    return udp_transport_loopback_p() ? LOOPBACK_LIMIT : NETWORK_LIMIT;
}

void delivery_encode(struct delivery *delivery)
{
    const struct agent_config *config = &delivery->report->config;
    udp_transport_set_target(config->host, config->port);
    delivery->encoded = report_json_encode(delivery->report, datagram_limit(config), &delivery->datagrams);
    udp_transport_connect(delivery->patience_ns);
}

static bool sign_all(const struct report_datagrams *datagrams, unsigned key)
{
    for (size_t i = 0; i < datagrams->count; i++) {
        const struct datagram *datagram = &datagrams->list[i];
        if (!signer_sign(key, datagram->bytes, datagram->length, datagrams->signature_at)) return false;
    }
    return true;
}

/* Writes the next number into the datagrams and signs them with it. */
static uint64_t try_number(struct delivery *delivery)
{
    const struct agent_config *config = &delivery->report->config;
    pthread_mutex_lock(&lock);
    uint64_t number = latest + 1;
    pthread_mutex_unlock(&lock);
    if (!delivery->encoded) return number;
    report_json_number(&delivery->datagrams, number);
    if (config->sign) delivery->encoded = sign_all(&delivery->datagrams, config->key);
    return number;
}

static bool withdrawn_p(const struct delivery *delivery)
{
    return delivery->withdrawn && delivery->withdrawn(delivery->withdrawn_argument);
}

/* False when another report has taken the number meanwhile. */
static bool hand_over(struct delivery *delivery, uint64_t number)
{
    bool over = true;
    pthread_mutex_lock(&lock);
    if (withdrawn_p(delivery)) {
        delivery->sent = false;
    } else if (number != latest + 1) {
        over = false;
    } else {
        latest = number;
        delivery->sent =
            delivery->encoded && udp_transport_send(delivery->datagrams.list, delivery->datagrams.count);
        if (!delivery->encoded) agent_cost_add(COST_DATAGRAMS_DROPPED, 1);
    }
    pthread_mutex_unlock(&lock);
    return over;
}

void delivery_send(struct delivery *delivery)
{
    while (!hand_over(delivery, try_number(delivery)))
        ; /* each time another report has left */
    report_datagrams_free(&delivery->datagrams);
}

void delivery_lock(void)
{
    pthread_mutex_lock(&lock);
}

void delivery_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void delivery_reset(void)
{
    pthread_mutex_init(&lock, NULL);
    latest = 0;
}
