/* A report as JSON datagrams (docs/wire-format.md). No Ruby API, no GVL. */
#ifndef HEAP_PERISCOPE_REPORT_JSON_H
#define HEAP_PERISCOPE_REPORT_JSON_H

#include "report/report.h"
#include "wire/udp_transport.h"

struct report_datagrams {
    struct datagram *list;
    size_t count;
    size_t number_digits; /* that the number takes now */
    size_t signature_at;  /* 0: there is none */
};

/* Encodes a report into datagrams of at most `limit` bytes each (the first part of a snapshot may be longer, as long as UDP can carry
 * it), with 0 for a sequence number. With config.sign each begins with the key id and a signature of zeros, to be filled in.
 * False when there is no memory. Counts oversized parts and dropped entries in agent_cost. */
bool report_json_encode(const struct report *report, size_t limit, struct report_datagrams *datagrams);

/* Writes the sequence number into all of them, in the place of the one before, and zeros into the signature. */
void report_json_number(struct report_datagrams *datagrams, uint64_t number);

void report_datagrams_free(struct report_datagrams *datagrams);

/* The payload of a snapshot as one JSON object. The caller frees it; NULL when there is no memory. */
char *report_json_payload(const struct report *report, size_t *length);

#endif
