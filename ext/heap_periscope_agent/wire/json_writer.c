#include "wire/json_writer.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

/* Length of the well-formed UTF-8 sequence at `bytes`, or 0 (RFC 3629: no overlong forms, no surrogates, nothing above
 * U+10FFFF). */
static size_t sequence_length(const unsigned char *bytes, size_t left)
{
    unsigned char first = bytes[0];
    if (first < 0x80) return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || left < length) return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80) return 0;
    if (first == 0xe0 && bytes[1] < 0xa0) return 0;
    if (first == 0xed && bytes[1] > 0x9f) return 0;
    if (first == 0xf0 && bytes[1] < 0x90) return 0;
    if (first == 0xf4 && bytes[1] > 0x8f) return 0;
    return length;
}

static bool well_formed(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t step = sequence_length(bytes + i, length - i);
        if (!step) return false;
        i += step;
    }
    return true;
}

static void write_mended(yajl_gen json, const unsigned char *bytes, size_t length)
{
    char *mended = malloc(length * strlen(REPLACEMENT) + 1), *end = mended;
    if (!mended) {
        yajl_gen_string(json, (const unsigned char *)"?", 1);
        return;
    }
    for (size_t i = 0; i < length;) {
        size_t step = sequence_length(bytes + i, length - i);
        const void *source = step ? (const void *)(bytes + i) : REPLACEMENT;
        size_t size = step ? step : strlen(REPLACEMENT);
        memcpy(end, source, size);
        end += size;
        i += step ? step : 1;
    }
    yajl_gen_string(json, (const unsigned char *)mended, (size_t)(end - mended));
    free(mended);
}

void json_string_bytes(yajl_gen json, const char *bytes, size_t length)
{
    const unsigned char *text = (const unsigned char *)bytes;
    if (well_formed(text, length))
        yajl_gen_string(json, text, length);
    else
        write_mended(json, text, length);
}

void json_string(yajl_gen json, const char *text)
{
    json_string_bytes(json, text, strlen(text));
}

void json_integer(yajl_gen json, int64_t value)
{
    yajl_gen_integer(json, value);
}

void json_unsigned(yajl_gen json, uint64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    yajl_gen_number(json, digits, (size_t)length);
}

void json_float(yajl_gen json, double value)
{
    json_decimals(json, value, 3);
}

void json_decimals(yajl_gen json, double value, int decimals)
{
    if (!isfinite(value)) {
        yajl_gen_null(json);
        return;
    }
    char digits[352];
    int length = snprintf(digits, sizeof digits, "%.*f", decimals, value);
    for (char *c = digits; *c; c++)
        if (*c == ',') *c = '.'; /* a locale set by the program must not reach the wire */
    while (digits[length - 1] == '0' && digits[length - 2] != '.')
        length--;
    yajl_gen_number(json, digits, (size_t)length);
}

void json_key_string(yajl_gen json, const char *key, const char *text)
{
    json_string(json, key);
    json_string(json, text);
}

void json_key_integer(yajl_gen json, const char *key, int64_t value)
{
    json_string(json, key);
    json_integer(json, value);
}

void json_key_unsigned(yajl_gen json, const char *key, uint64_t value)
{
    json_string(json, key);
    json_unsigned(json, value);
}

void json_key_float(yajl_gen json, const char *key, double value)
{
    json_string(json, key);
    json_float(json, value);
}

void json_key_bool(yajl_gen json, const char *key, bool value)
{
    json_string(json, key);
    yajl_gen_bool(json, value);
}

void json_key_ms(yajl_gen json, const char *key, uint64_t ns)
{
    json_key_float(json, key, (double)ns / NS_PER_MS);
}

/* Day of the Gregorian calendar, by its number since 1970-01-01 (after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms":
 * years begin in March, so that the leap day comes last, and every 400 of them have 146 097 days). gmtime_r would take the time
 * zone's lock: a program that forked meanwhile would find it taken for ever in the child. */
static void print_date(char *text, size_t size, uint64_t day_number)
{
    uint64_t days = day_number + 719468, day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    uint64_t month = (5 * day + 2) / 153; /* from March */
    day -= (153 * month + 2) / 5;
    year += days / 146097 * 400 + (month >= 10);
    month = month < 10 ? month + 3 : month - 9;
    snprintf(text, size, "%04u-%02u-%02u", (unsigned)year, (unsigned)month, (unsigned)day + 1);
}

void json_key_time(yajl_gen json, const char *key, uint64_t realtime_ns)
{
    uint64_t ms = realtime_ns / 1000000u, second = ms / 1000 % 86400;
    char date[32], text[64];
    print_date(date, sizeof date, ms / 86400000u);
    snprintf(text, sizeof text, "%sT%02u:%02u:%02u.%03uZ", date, (unsigned)(second / 3600),
             (unsigned)(second / 60 % 60), (unsigned)(second % 60), (unsigned)(ms % 1000));
    json_key_string(json, key, text);
}

void json_restart(yajl_gen json)
{
    yajl_gen_clear(json);
    yajl_gen_reset(json, NULL);
}
