/*
 * A hash of (type, name) to sums; see span_table.h.
 */
#include "spans/span_table.h"

#include <stdlib.h>
#include <string.h>

#define BUCKET_BITS 12
#define BUCKETS     (1 << BUCKET_BITS)

#define CACHE_LINE_BYTES 64

struct span_type {
    char name[SPAN_TYPE_BYTES + 1];
    size_t length;
    size_t names;
    struct span_entry *other;
};

static struct span_type types[SPAN_TYPES_MAX];
static size_t type_count;
static size_t limit = 1;

static struct span_entry *buckets[BUCKETS];
static struct span_entry **entries;
static size_t entry_count;
static size_t entry_capacity;

/* Length of the valid UTF-8 character at `text`, 0 where there is none (RFC 3629, section 4). */
static size_t utf8_character(const unsigned char *text, size_t left)
{
    unsigned char lead = text[0];
    size_t length = lead < 0x80   ? 1
                    : lead < 0xC2 ? 0
                    : lead < 0xE0 ? 2
                    : lead < 0xF0 ? 3
                    : lead < 0xF5 ? 4
                                  : 0;

    if (length == 0 || length > left) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80) return 0;
    }
    if ((lead == 0xE0 && text[1] < 0xA0) || (lead == 0xED && text[1] > 0x9F)) return 0;
    if ((lead == 0xF0 && text[1] < 0x90) || (lead == 0xF4 && text[1] > 0x8F)) return 0;
    return length;
}

/* Copies at most `room` bytes of whole characters and ends them with a NUL; returns the length. */
static size_t copy_text(char *to, size_t room, const char *from, size_t length)
{
    size_t written = 0;

    for (size_t read = 0; read < length;) {
        size_t bytes = utf8_character((const unsigned char *)from + read, length - read);
        size_t copied = bytes ? bytes : 1;
        if (written + copied > room) break;
        if (bytes && from[read] != '\0') {
            memcpy(to + written, from + read, copied);
        } else {
            to[written] = '?';
        }
        written += copied;
        read += copied;
    }
    to[written] = '\0';
    return written;
}

static bool equals(const char *known, size_t known_length, const char *text, size_t length)
{
    return known_length == length && memcmp(known, text, length) == 0;
}

static struct span_type *find_type(const char *text, size_t length)
{
    for (size_t i = 0; i < type_count; i++) {
        if (equals(types[i].name, types[i].length, text, length)) return &types[i];
    }
    return NULL;
}

static struct span_type *add_type(const char *text, size_t length)
{
    struct span_type *type = &types[type_count++];

    memcpy(type->name, text, length);
    type->name[length] = '\0';
    type->length = length;
    return type;
}

/* The last place is kept for the type that takes what finds no place. */
static struct span_type *type_of(const char *text, size_t length)
{
    char clean[SPAN_TYPE_BYTES + 1];
    struct span_type *type = find_type(text, length);

    if (type) return type;
    length = copy_text(clean, SPAN_TYPE_BYTES, text, length);
    type = find_type(clean, length);
    if (type) return type;
    if (length > 0 && type_count < SPAN_TYPES_MAX - 1) return add_type(clean, length);

    type = find_type(SPAN_TYPE_FALLBACK, strlen(SPAN_TYPE_FALLBACK));
    return type ? type : add_type(SPAN_TYPE_FALLBACK, strlen(SPAN_TYPE_FALLBACK));
}

/* FNV-1a (Fowler, Noll, Vo) over words of eight bytes, seeded with the type; its high bits depend on every byte. */
static size_t bucket_of(const struct span_type *type, const char *name, size_t length)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)(type - types);

    while (length > 0) {
        uint64_t word = 0;
        size_t taken = length < sizeof word ? length : sizeof word;
        memcpy(&word, name, taken);
        hash = (hash ^ word) * UINT64_C(1099511628211);
        name += taken;
        length -= taken;
    }
    return hash >> (64 - BUCKET_BITS);
}

static struct span_entry *find_entry(const struct span_type *type, size_t bucket, const char *name,
                                     size_t length)
{
    for (struct span_entry *entry = buckets[bucket]; entry; entry = entry->next_in_bucket) {
        if (entry->type == type->name && equals(entry->name, entry->name_length, name, length)) return entry;
    }
    return NULL;
}

static bool make_room(void)
{
    size_t capacity = entry_capacity ? entry_capacity * 2 : 64;
    struct span_entry **grown;

    if (entry_count < entry_capacity) return true;
    grown = realloc(entries, capacity * sizeof(*entries));
    if (!grown) return false;
    entries = grown;
    entry_capacity = capacity;
    return true;
}

/* At the begin of a cache line, since what every call writes comes first. */
static struct span_entry *new_entry(void)
{
    void *entry;

    if (posix_memalign(&entry, CACHE_LINE_BYTES, sizeof(struct span_entry)) != 0) return NULL;
    return memset(entry, 0, sizeof(struct span_entry));
}

static struct span_entry *add_entry(struct span_type *type, size_t bucket, const char *name, size_t length)
{
    struct span_entry *entry;
    char *text;

    if (!make_room()) return NULL;
    entry = new_entry();
    text = malloc(length + 1);
    if (!entry || !text) {
        free(entry);
        free(text);
        return NULL;
    }
    memcpy(text, name, length);
    text[length] = '\0';
    entry->type = type->name;
    entry->name = text;
    entry->name_length = length;
    entry->next_in_bucket = buckets[bucket];
    buckets[bucket] = entry;
    entries[entry_count++] = entry;
    return entry;
}

static struct span_entry *other_entry(struct span_type *type)
{
    size_t length = strlen(SPAN_OTHER);
    size_t bucket = bucket_of(type, SPAN_OTHER, length);

    if (!type->other) type->other = find_entry(type, bucket, SPAN_OTHER, length);
    if (!type->other) type->other = add_entry(type, bucket, SPAN_OTHER, length);
    return type->other;
}

struct span_entry *span_table_entry(const char *type_text, size_t type_length, const char *name,
                                    size_t name_length)
{
    char clean[SPAN_NAME_BYTES + 1];
    struct span_type *type = type_of(type_text, type_length);
    if (!name_length) { /* a collector takes no name without text */
        name = SPAN_UNNAMED;
        name_length = strlen(SPAN_UNNAMED);
    }
    size_t bucket = bucket_of(type, name, name_length);
    struct span_entry *entry = find_entry(type, bucket, name, name_length);

    if (entry) return entry;
    name_length = copy_text(clean, SPAN_NAME_BYTES, name, name_length);
    bucket = bucket_of(type, clean, name_length);
    entry = find_entry(type, bucket, clean, name_length);
    if (entry) return entry;
    if (type->names >= limit) return other_entry(type);

    entry = add_entry(type, bucket, clean, name_length);
    if (entry) type->names++;
    return entry;
}

size_t span_table_size(void)
{
    return entry_count;
}

struct span_entry *span_table_at(size_t index)
{
    return entries[index];
}

void span_table_set_limit(size_t names)
{
    limit = names ? names : 1;
}

void span_table_add(struct span_entry *entry, const struct span_totals *call, bool outermost)
{
    entry->totals.calls += call->calls;
    entry->totals.errors += call->errors;
    if (!outermost) return;
    entry->totals.wall_ns += call->wall_ns;
    entry->totals.allocated_objects += call->allocated_objects;
    entry->totals.gc_ns += call->gc_ns;
}

static bool has_news(const struct span_entry *entry)
{
    return entry->totals.calls != entry->reported.calls || (entry->live && !entry->live_reported);
}

/* A census is sent once: rows that are taken carry it when no report has yet. */
static void fill_row(struct span_row *row, const struct span_entry *entry, bool take)
{
    const struct span_totals *now = &entry->totals, *before = &entry->reported;

    row->entry = entry;
    row->delta.calls = now->calls - before->calls;
    row->delta.errors = now->errors - before->errors;
    row->delta.wall_ns = now->wall_ns - before->wall_ns;
    row->delta.allocated_objects = now->allocated_objects - before->allocated_objects;
    row->delta.gc_ns = now->gc_ns - before->gc_ns;
    row->live = take && entry->live_reported ? NULL : span_live_retain(entry->live);
    row->survivors = NULL;
}

size_t span_table_report(struct span_row **rows, bool take)
{
    size_t news = 0, filled = 0;

    *rows = NULL;
    for (size_t i = 0; i < entry_count; i++)
        news += has_news(entries[i]);
    if (news == 0) return 0;
    *rows = malloc(news * sizeof(**rows));
    if (!*rows) return 0;
    for (size_t i = 0; i < entry_count && filled < news; i++) {
        if (!has_news(entries[i])) continue;
        fill_row(&(*rows)[filled++], entries[i], take);
        if (!take) continue;
        entries[i]->reported = entries[i]->totals;
        entries[i]->live_reported = true;
    }
    return filled;
}

void span_rows_free(struct span_row *rows, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        span_live_release(rows[i].live);
        span_live_release(rows[i].survivors);
    }
    free(rows);
}

struct span_live *span_live_new(size_t length)
{
    struct span_live *live = calloc(1, sizeof(*live) + length * sizeof(live->classes[0]));

    if (!live) return NULL;
    live->references = 1;
    live->length = length;
    return live;
}

struct span_live *span_live_retain(struct span_live *live)
{
    if (live) __atomic_add_fetch(&live->references, 1, __ATOMIC_RELAXED);
    return live;
}

void span_live_release(struct span_live *live)
{
    if (!live || __atomic_sub_fetch(&live->references, 1, __ATOMIC_ACQ_REL) > 0) return;
    for (size_t i = 0; i < live->length; i++)
        free(live->classes[i].name);
    free(live);
}

void span_table_set_live(struct span_entry *entry, struct span_live *live)
{
    span_live_release(entry->live);
    entry->live = live;
    entry->live_reported = false;
}

void span_table_reset(void)
{
    for (size_t i = 0; i < entry_count; i++) {
        struct span_entry *entry = entries[i];
        memset(&entry->totals, 0, sizeof(entry->totals));
        memset(&entry->reported, 0, sizeof(entry->reported));
        span_table_set_live(entry, NULL);
        entry->last_called_ns = 0;
        entry->last_measured_ns = 0;
    }
}

#ifdef HEAP_PERISCOPE_TESTING
static struct span_entry *forgotten; /* a span that is still open ends in its entry */

void span_table_forget(void)
{
    span_table_reset();
    for (size_t i = 0; i < entry_count; i++) {
        entries[i]->name_length = 0;
        entries[i]->next_in_bucket = forgotten;
        forgotten = entries[i];
    }
    memset(types, 0, sizeof types);
    memset(buckets, 0, sizeof buckets);
    type_count = 0;
    entry_count = 0;
}
#endif
