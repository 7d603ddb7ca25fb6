#include "wire/report_json.h"

#include "base/clock.h"
#include "process/identity.h"
#include "wire/gc_report_json.h"
#include "wire/json_parts.h"
#include "wire/signer.h"
#include "wire/snapshot_sections.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest sequence number. */
#define NUMBER_DIGITS 20
/* "part":nnnn,"parts":nnnn may grow by this much after the envelope was measured. */
#define PART_DIGITS 16
/* What a UDP datagram can carry over IPv4 and IPv6, less what extension headers may take. */
#define DATAGRAM_MAX 65400

static const char *type_name(enum report_type type, size_t part)
{
    switch (type) {
    case REPORT_GC: return "gc_profiler_report";
    case REPORT_GOODBYE: return "goodbye";
    default: return part == 1 ? "snapshot" : "snapshot_part";
    }
}

/* Answers where the sequence number stands, which is 0 so far. */
static size_t write_envelope(yajl_gen json, const struct report *report, size_t part, size_t parts,
                             uint64_t at_ns)
{
    const unsigned char *text;
    size_t number_end;
    json_key_string(json, "type", type_name(report->type, part));
    json_key_integer(json, "process_id", identity_pid());
    json_key_string(json, "service_name", report->service_name);
    json_key_time(json, "reported_at", at_ns);
    json_key_integer(json, "schema", 1);
    json_key_string(json, "host", identity_host());
    json_key_string(json, "instance", identity_instance());
    json_key_unsigned(json, "sequence", 0);
    yajl_gen_get_buf(json, &text, &number_end);
    json_key_unsigned(json, "part", part);
    json_key_unsigned(json, "parts", parts);
    json_key_float(json, "interval", report->config.interval_s);
    json_key_string(json, "ruby", identity_ruby());
    json_key_string(json, "agent", identity_agent());
    return number_end - 1;
}

/* {"key":"id","signature":"000…", — or nothing; the rest of the envelope follows without its brace. */
static size_t signature_prefix(const struct agent_config *config, char *text, size_t size)
{
    if (!config->sign) return 0;
    return (size_t)snprintf(text, size, "{\"key\":\"%s\",\"signature\":\"%0*d\",", config->key_id,
                            SIGNATURE_DIGITS, 0);
}

/* Where the digits stand in a datagram of this key. */
static size_t signature_offset(const char *key_id)
{
    return strlen("{\"key\":\"") + strlen(key_id) + strlen("\",\"signature\":\"");
}

/* Fills in one datagram: prefix, envelope, payload. */
static bool assemble(struct datagram *datagram, const struct report *report, const struct json_text *payload,
                     size_t part, size_t parts, uint64_t at_ns)
{
    char prefix[256];
    size_t prefix_length = signature_prefix(&report->config, prefix, sizeof prefix);
    yajl_gen json = yajl_gen_alloc(NULL);
    if (!json) return false;
    yajl_gen_map_open(json);
    size_t number_at = write_envelope(json, report, part, parts, at_ns);
    const unsigned char *envelope;
    size_t envelope_length;
    yajl_gen_get_buf(json, &envelope, &envelope_length);

    static const char open[] = ",\"payload\":{", close[] = "}}";
    datagram->bytes = malloc(prefix_length + envelope_length + NUMBER_DIGITS + sizeof open + payload->length +
                             sizeof close);
    if (datagram->bytes) {
        size_t skip = prefix_length ? 1 : 0; /* the prefix brings the opening brace */
        char *end = datagram->bytes;
        end = (char *)memcpy(end, prefix, prefix_length) + prefix_length;
        end = (char *)memcpy(end, envelope + skip, envelope_length - skip) + envelope_length - skip;
        end = (char *)memcpy(end, open, sizeof open - 1) + sizeof open - 1;
        if (payload->length) end = (char *)memcpy(end, payload->bytes, payload->length) + payload->length;
        end = (char *)memcpy(end, close, sizeof close - 1) + sizeof close - 1;
        datagram->length = (size_t)(end - datagram->bytes);
        datagram->number_at = prefix_length + number_at - skip;
    }
    yajl_gen_free(json);
    return datagram->bytes != NULL;
}

/* What envelope and signature take in every datagram of this report. */
static size_t envelope_bytes(const struct report *report, uint64_t at_ns)
{
    struct datagram probe = {0};
    struct json_text nothing = {0};
    if (!assemble(&probe, report, &nothing, 1, 1, at_ns)) return 0;
    free(probe.bytes);
    return probe.length + sizeof "snapshot_part" + PART_DIGITS + NUMBER_DIGITS;
}

static void write_payload(const struct report *report, struct json_parts *parts)
{
    switch (report->type) {
    case REPORT_SNAPSHOT: snapshot_sections_write(report, parts); break;
    case REPORT_GC: gc_report_write(report, parts); break;
    case REPORT_GOODBYE: gc_goodbye_write(report, parts); break;
    }
}

static bool assemble_all(const struct report *report, const struct json_parts *parts, uint64_t at_ns,
                         struct report_datagrams *datagrams)
{
    datagrams->list = calloc(parts->count, sizeof *datagrams->list);
    if (!datagrams->list) return false;
    datagrams->count = parts->count;
    datagrams->number_digits = 1;
    for (size_t i = 0; i < parts->count; i++)
        if (!assemble(&datagrams->list[i], report, &parts->parts[i], i + 1, parts->count, at_ns))
            return false;
    return true;
}

/* Short reports are not split: what does not fit is left out, and counted. The essential comes first. */
static void keep_first_part(struct json_parts *parts)
{
    for (; parts->count > 1; parts->entries_dropped++)
        free(parts->parts[--parts->count].bytes);
}

bool report_json_encode(const struct report *report, size_t limit, struct report_datagrams *datagrams)
{
    uint64_t at_ns = clock_read_ns(CLOCK_REALTIME);
    size_t overhead = envelope_bytes(report, at_ns);
    struct json_parts parts;
    json_parts_init(&parts, limit > overhead ? limit - overhead : 0, DATAGRAM_MAX - overhead);
    write_payload(report, &parts);

    if (report->type != REPORT_SNAPSHOT) keep_first_part(&parts);
    *datagrams = (struct report_datagrams){0};
    bool encoded = parts.count && !parts.out_of_memory && assemble_all(report, &parts, at_ns, datagrams);
    agent_cost_add(COST_ENTRIES_DROPPED, parts.entries_dropped);
    if (encoded && datagrams->list[0].length + NUMBER_DIGITS > limit) agent_cost_add(COST_OVERSIZED_PARTS, 1);
    if (!encoded) report_datagrams_free(datagrams);
    if (encoded && report->config.sign) datagrams->signature_at = signature_offset(report->config.key_id);
    json_parts_free(&parts);
    return encoded;
}

void report_json_number(struct report_datagrams *datagrams, uint64_t number)
{
    char digits[NUMBER_DIGITS + 1];
    size_t before = datagrams->number_digits,
           length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (size_t i = 0; i < datagrams->count; i++) {
        struct datagram *datagram = &datagrams->list[i];
        char *place = datagram->bytes + datagram->number_at;
        size_t behind = datagram->length - datagram->number_at - before;
        memmove(place + length, place + before, behind);
        memcpy(place, digits, length);
        if (datagrams->signature_at) memset(datagram->bytes + datagrams->signature_at, '0', SIGNATURE_DIGITS);
        datagram->length = datagram->number_at + length + behind;
    }
    datagrams->number_digits = length;
}

void report_datagrams_free(struct report_datagrams *datagrams)
{
    for (size_t i = 0; i < datagrams->count; i++)
        free(datagrams->list[i].bytes);
    free(datagrams->list);
    *datagrams = (struct report_datagrams){0};
}

char *report_json_payload(const struct report *report, size_t *length)
{
    struct json_parts parts;
    json_parts_init(&parts, SIZE_MAX, SIZE_MAX);
    write_payload(report, &parts);

    char *text = NULL;
    if (parts.count && !parts.out_of_memory && (text = malloc(parts.parts[0].length + 3))) {
        *length = parts.parts[0].length + 2;
        text[0] = '{';
        memcpy(text + 1, parts.parts[0].bytes, parts.parts[0].length);
        memcpy(text + *length - 1, "}", 2);
    }
    json_parts_free(&parts);
    return text;
}
