#include "testing/wire_testing.h"

#include "base/hook_guard.h"
#include "vm/gvl_turn.h"
#include "wire/json_parts.h"
#include "wire/resolver.h"
#include "wire/signer.h"
#include "wire/udp_transport.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <ruby/thread.h>
#include <stdlib.h>
#include <string.h>

void (*hook_guard)(int inside);

static VALUE generated(yajl_gen json)
{
    const unsigned char *text;
    size_t length;
    yajl_gen_get_buf(json, &text, &length);
    VALUE string = rb_utf8_str_new((const char *)text, (long)length);
    yajl_gen_free(json);
    return string;
}

/* json_string(bytes) → the JSON text of it */
static VALUE json_string_text(VALUE self, VALUE bytes)
{
    (void)self;
    yajl_gen json = yajl_gen_alloc(NULL);
    json_string_bytes(json, StringValuePtr(bytes), (size_t)RSTRING_LEN(bytes));
    return generated(json);
}

/* json_number(float, decimals) → the JSON text of it */
static VALUE json_number_text(VALUE self, VALUE number, VALUE decimals)
{
    (void)self;
    yajl_gen json = yajl_gen_alloc(NULL);
    json_decimals(json, NUM2DBL(number), NUM2INT(decimals));
    return generated(json);
}

/* json_time(nanoseconds since the epoch) → the JSON text of {"at": …} */
static VALUE json_time_text(VALUE self, VALUE realtime_ns)
{
    (void)self;
    yajl_gen json = yajl_gen_alloc(NULL);
    yajl_gen_map_open(json);
    json_key_time(json, "at", NUM2ULL(realtime_ns));
    yajl_gen_map_close(json);
    return generated(json);
}

static void add_section(struct json_parts *parts, VALUE section)
{
    VALUE name = RARRAY_AREF(section, 0), open = RARRAY_AREF(section, 1), entries = RARRAY_AREF(section, 3);
    json_parts_open(parts, StringValueCStr(name), StringValueCStr(open)[0], RTEST(RARRAY_AREF(section, 2)));
    for (long i = 0; i < RARRAY_LEN(entries); i++) {
        VALUE entry = RARRAY_AREF(entries, i);
        json_parts_add(parts, StringValuePtr(entry), (size_t)RSTRING_LEN(entry));
    }
    json_parts_close(parts);
}

/* json_parts(limit, ceiling, [[name, "{" or "[", whole, [entry…]] or [name, value]…]) → [[payload text…], dropped] */
static VALUE json_parts_texts(VALUE self, VALUE limit, VALUE ceiling, VALUE sections)
{
    (void)self;
    struct json_parts parts;
    json_parts_init(&parts, NUM2SIZET(limit), NUM2SIZET(ceiling));
    for (long i = 0; i < RARRAY_LEN(sections); i++) {
        VALUE section = RARRAY_AREF(sections, i);
        VALUE name = RARRAY_AREF(section, 0), value = RARRAY_AREF(section, 1);
        if (RARRAY_LEN(section) == 2)
            json_parts_value(&parts, StringValueCStr(name), StringValuePtr(value),
                             (size_t)RSTRING_LEN(value));
        else
            add_section(&parts, section);
    }
    VALUE texts = rb_ary_new();
    for (size_t i = 0; i < parts.count; i++)
        rb_ary_push(texts, rb_utf8_str_new(parts.parts[i].bytes, (long)parts.parts[i].length));
    VALUE answer = rb_ary_new_from_args(2, texts, ULL2NUM(parts.entries_dropped));
    json_parts_free(&parts);
    return answer;
}

struct look_up {
    const char *host;
    uint64_t patience_ns;
    struct resolver_address found;
    enum resolver_answer answer;
};

static void *look_up(void *argument)
{
    struct look_up *look_up = argument;
    look_up->answer = resolver_lookup(look_up->host, 9, look_up->patience_ns, &look_up->found);
    return NULL;
}

/* resolve(host, patience_ms) → an address, :failed or :pending */
static VALUE resolve(VALUE self, VALUE host, VALUE patience_ms)
{
    (void)self;
    struct look_up asked = {.host = StringValueCStr(host), .patience_ns = NUM2ULL(patience_ms) * 1000000u};
    rb_thread_call_without_gvl(look_up, &asked, NULL, NULL);
    if (asked.answer != RESOLVER_FOUND)
        return ID2SYM(rb_intern(asked.answer == RESOLVER_FAILED ? "failed" : "pending"));
    char text[INET6_ADDRSTRLEN];
    const struct sockaddr *address = (const struct sockaddr *)&asked.found.address;
    if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text, sizeof text);
    else
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
    return rb_str_new_cstr(text);
}

/* look_names_up_every(seconds) */
static VALUE look_names_up_every(VALUE self, VALUE seconds)
{
    udp_transport_look_again_after((uint64_t)(NUM2DBL(seconds) * 1e9));
    return self;
}

/* signing_key(secret or nil) → number of its key, 0 for none */
static VALUE signing_key(VALUE self, VALUE secret)
{
    (void)self;
    return UINT2NUM(signer_use(secret));
}

/* signature(bytes, key, offset) → the 64 digits that the signer writes at `offset` of these bytes, or nil */
static VALUE signature(VALUE self, VALUE bytes, VALUE key, VALUE offset)
{
    (void)self;
    size_t length = RSTRING_LEN(bytes), at = NUM2SIZET(offset);
    char *copy = calloc(1, length + at + SIGNATURE_DIGITS);
    if (!copy) rb_memerror();
    memcpy(copy, RSTRING_PTR(bytes), length);
    VALUE digits =
        signer_sign(NUM2UINT(key), copy, length, at) ? rb_str_new(copy + at, SIGNATURE_DIGITS) : Qnil;
    free(copy);
    return digits;
}

void wire_testing_init(VALUE testing)
{
    *(void **)&hook_guard = dlsym(RTLD_DEFAULT, "heap_periscope_hook");
    rb_define_singleton_method(testing, "json_string", json_string_text, 1);
    rb_define_singleton_method(testing, "json_number", json_number_text, 2);
    rb_define_singleton_method(testing, "json_time", json_time_text, 1);
    rb_define_singleton_method(testing, "json_parts", json_parts_texts, 3);
    rb_define_singleton_method(testing, "resolve", resolve, 2);
    rb_define_singleton_method(testing, "look_names_up_every", look_names_up_every, 1);
    rb_define_singleton_method(testing, "signing_key", signing_key, 1);
    rb_define_singleton_method(testing, "signature", signature, 3);
}
