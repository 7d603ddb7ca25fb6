/* Signs datagrams with HMAC-SHA-256 through Ruby's own OpenSSL (HeapPeriscopeAgent::Signature), by an OpenSSL::HMAC that was made when
 * the secret was set. Calls methods, so never inside a postponed job. */
#ifndef HEAP_PERISCOPE_SIGNER_H
#define HEAP_PERISCOPE_SIGNER_H

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>

/* Hex digits of a signature. */
#define SIGNATURE_DIGITS 64

/* Once, from Init. GVL. */
void signer_init(void);

/* Takes the secret (a String, or nil: nothing is signed) and answers the number of its key, 0 for none. The key before it stays
 * valid, for reports that are on their way. May raise. GVL. */
unsigned signer_use(VALUE secret);

/* Writes the signature over `length` bytes at `offset` in them; the place must hold zeros ('0'), which are signed along. False when
 * they could not be signed: then they may not be sent. GVL; does not raise, an interrupt is kept (guarded_call.h). */
bool signer_sign(unsigned key, char *bytes, size_t length, size_t offset);

#endif
