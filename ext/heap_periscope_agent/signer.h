/* Signs datagrams with HMAC-SHA-256 through Ruby's own OpenSSL (HeapPeriscopeAgent::Signature), by an OpenSSL::HMAC that was made when
 * the secret was set. Calls methods, so never inside a postponed job. */
#ifndef HEAP_PERISCOPE_SIGNER_H
#define HEAP_PERISCOPE_SIGNER_H

#include "report_json.h"

#include <ruby.h>
#include <stdbool.h>

/* Once, from Init. GVL. */
void signer_init(void);

/* Takes the secret (a String, or nil: nothing is signed) and answers the number of its key, 0 for none. The key before it stays
 * valid, for reports that are on their way. May raise. GVL. */
unsigned signer_use(VALUE secret);

/* Fills the signature into every datagram. False when one could not be signed: then nothing may be sent. GVL; does not raise. */
bool signer_sign(struct report_datagrams *datagrams, unsigned key, const char *key_id);

#endif
