/* Thin helpers over yajl's generator. Strings may be any bytes: what is not UTF-8 becomes U+FFFD, so the output always parses.
 * No Ruby API, no GVL. */
#ifndef HEAP_PERISCOPE_JSON_WRITER_H
#define HEAP_PERISCOPE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yajl/yajl_gen.h>

void json_string(yajl_gen json, const char *text);
void json_string_bytes(yajl_gen json, const char *bytes, size_t length);
void json_integer(yajl_gen json, int64_t value);
void json_unsigned(yajl_gen json, uint64_t value);

/* Three decimals at most; null for what is not a finite number. */
void json_float(yajl_gen json, double value);
void json_decimals(yajl_gen json, double value, int decimals); /* at most so many, at least 1 */

/* "key": value */
void json_key_string(yajl_gen json, const char *key, const char *text);
void json_key_integer(yajl_gen json, const char *key, int64_t value);
void json_key_unsigned(yajl_gen json, const char *key, uint64_t value);
void json_key_float(yajl_gen json, const char *key, double value);
void json_key_bool(yajl_gen json, const char *key, bool value);
void json_key_ms(yajl_gen json, const char *key, uint64_t ns);

/* "key": "2026-01-31T12:00:00.123Z", from nanoseconds since the epoch. */
void json_key_time(yajl_gen json, const char *key, uint64_t realtime_ns);

/* A generator that is used again starts afresh: clears its output and its state. */
void json_restart(yajl_gen json);

#endif
