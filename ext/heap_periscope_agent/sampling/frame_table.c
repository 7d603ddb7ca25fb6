#include "sampling/frame_table.h"

#include "vm/value_cache.h"

#include <ruby/debug.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS       (FRAMES_MAX * 2)
#define LIBRARIES_MAX 8
/* So far below the top of the reporter's stack a method in C is found. */
#define FRAMES_TO_C 16

static struct frame_entry entries[FRAMES_MAX];
static uint32_t used_count;
static uint16_t buckets[BUCKETS]; /* index + 1 */
static struct value_cache *seen;
static uint64_t lookups;

static char application[FRAME_PATH_BYTES];
static char libraries[LIBRARIES_MAX][FRAME_PATH_BYTES];
static size_t library_count;

/* The VM makes the path of all methods in C, one String, when it is asked for the first time: now, not in the middle of the program. A
 * method in C is on every stack from which this is called. */
static void have_c_path_made(void)
{
    VALUE frames[FRAMES_TO_C];
    int lines[FRAMES_TO_C], count = rb_profile_frames(0, FRAMES_TO_C, frames, lines);
    for (int i = 0; i < count; i++)
        rb_profile_frame_absolute_path(frames[i]);
}

void frame_table_init(void)
{
    if (seen) return;
    seen = value_cache_new(FRAMES_MAX);
    have_c_path_made();
}

void frame_table_set_folders(const char *root, const char *const *folders, size_t count)
{
    snprintf(application, sizeof application, "%s", root);
    library_count = count < LIBRARIES_MAX ? count : LIBRARIES_MAX;
    for (size_t i = 0; i < library_count; i++)
        snprintf(libraries[i], sizeof libraries[i], "%s", folders[i]);
}

/* --- what a path tells ------------------------------------------------------------------------------------------------------ */

static bool inside(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return length && strncmp(path, folder, length) == 0 && path[length] == '/';
}

static bool in_library(const char *path)
{
    for (size_t i = 0; i < library_count; i++)
        if (inside(path, libraries[i])) return true;
    return false;
}

/* "…/gems/active_support-7.1.2/lib/x.rb" → "active_support": the part behind the last "gems" folder, without its version. */
static bool gem_of(const char *path, char *gem)
{
    const char *folder = NULL;
    for (const char *next = path; (next = strstr(next, "/gems/")); next += 5)
        folder = next + 6;
    if (!folder) return false;
    size_t length = strcspn(folder, "/");
    for (size_t i = length; i-- > 1;)
        if (folder[i] == '-' && folder[i + 1] >= '0' && folder[i + 1] <= '9') {
            length = i;
            break;
        }
    snprintf(gem, FRAME_GEM_BYTES, "%.*s", (int)(length < FRAME_GEM_BYTES ? length : FRAME_GEM_BYTES - 1),
             folder);
    return true;
}

static enum frame_kind kind_of(const char *path, char *gem)
{
    *gem = 0;
    if (!*path) return FRAME_C;
    bool ours = inside(path, application);
    if (gem_of(ours ? path + strlen(application) : path, gem)) return FRAME_GEM;
    if (ours || !(in_library(path) || strncmp(path, "<internal:", 10) == 0)) return FRAME_APP;
    strcpy(gem, "ruby");
    return FRAME_RUBY;
}

/* --- entries ------------------------------------------------------------------------------------------------------------------ */

static uint32_t hash_of(const char *path, const char *method)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *byte = path; *byte; byte++)
        hash = (hash ^ (unsigned char)*byte) * 16777619u;
    hash = (hash ^ 0xff) * 16777619u;
    for (const char *byte = method; *byte; byte++)
        hash = (hash ^ (unsigned char)*byte) * 16777619u;
    return hash;
}

static uint16_t *bucket_of(uint32_t hash, const char *path, const char *method)
{
    for (uint32_t at = hash & (BUCKETS - 1);; at = (at + 1) & (BUCKETS - 1)) {
        if (!buckets[at]) return &buckets[at];
        const struct frame_entry *entry = &entries[buckets[at] - 1];
        if (entry->hash == hash && !strcmp(entry->path, path) && !strcmp(entry->method, method))
            return &buckets[at];
    }
}

static void free_entry(struct frame_entry *entry)
{
    free(entry->path);
    free(entry->method);
    free(entry->gem);
    *entry = (struct frame_entry){0};
}

static uint32_t intern_text(const char *path, const char *method)
{
    char gem[FRAME_GEM_BYTES];
    enum frame_kind kind = kind_of(path, gem);
    if (kind == FRAME_APP && inside(path, application)) path += strlen(application) + 1;
    uint32_t hash = hash_of(path, method);
    uint16_t *bucket = bucket_of(hash, path, method);
    if (*bucket) return *bucket - 1u;
    if (used_count >= FRAMES_MAX) return FRAME_NONE;

    struct frame_entry *entry = &entries[used_count];
    *entry = (struct frame_entry){strdup(path), strdup(method), strdup(gem), kind, hash};
    if (!entry->path || !entry->method || !entry->gem) {
        free_entry(entry);
        return FRAME_NONE;
    }
    *bucket = (uint16_t)++used_count;
    return used_count - 1;
}

/* A file's end tells more than its beginning. */
static void copy_path(char *target, VALUE path)
{
    const char *bytes = RSTRING_PTR(path);
    size_t length = (size_t)RSTRING_LEN(path);
    size_t skip = length < FRAME_PATH_BYTES ? 0 : length - (FRAME_PATH_BYTES - 1);
    memcpy(target, bytes + skip, length - skip);
    target[length - skip] = 0;
}

/* "#<Class:0x00007f…>#name" → "#<Class>#name" */
static void drop_addresses(char *method)
{
    char *to = method;
    for (const char *from = method; *from;) {
        if (strncmp(from, ":0x", 3) == 0)
            from += 3 + strspn(from + 3, "0123456789abcdef");
        else
            *to++ = *from++;
    }
    *to = 0;
}

static size_t before_digits(const char *text, size_t end)
{
    while (end && text[end - 1] >= '0' && text[end - 1] <= '9')
        end--;
    return end;
}

/* Action View names a compiled template "_app_views_carts_show_html_erb__HASH_OBJECT-ID". */
static void drop_template_numbers(char *method)
{
    size_t length = strlen(method), id = before_digits(method, length);
    if (id == length || id < 2 || method[id - 1] != '_') return;
    size_t hash = before_digits(method, id - 1);
    if (hash == id - 1 || hash < 2 || method[hash - 1] != '_' || method[hash - 2] != '_') return;
    while (hash && method[hash - 1] == '_')
        hash--;
    method[hash] = 0;
}

/* The VM makes a new String for the path of a class. Nobody is to find it who looks through all objects, or counts those that were
 * allocated. One that is frozen is the VM's own. */
static void hide(VALUE string)
{
    if (RB_TYPE_P(string, T_STRING) && !RB_OBJ_FROZEN_RAW(string)) rb_obj_hide(string);
}

static size_t append(char *target, size_t used, VALUE string)
{
    size_t length = (size_t)RSTRING_LEN(string), room = FRAME_METHOD_BYTES - 1 - used;
    if (length > room) length = room;
    memcpy(target + used, RSTRING_PTR(string), length);
    target[used + length] = 0;
    return used + length;
}

/* "Cart#add", "Cart.find", "<main>": as rb_profile_frame_qualified_method_name has it, which makes one String more. */
static void write_method(char *target, VALUE frame)
{
    VALUE method = rb_profile_frame_method_name(frame), owner = Qnil;
    size_t used = 0;
    if (RB_TYPE_P(method, T_STRING))
        owner = rb_profile_frame_classpath(frame);
    else
        method = rb_profile_frame_label(frame);
    if (RB_TYPE_P(owner, T_STRING)) {
        used = append(target, used, owner);
        if (used < FRAME_METHOD_BYTES - 1)
            target[used++] = RTEST(rb_profile_frame_singleton_method_p(frame)) ? '.' : '#';
        hide(owner);
    }
    target[used] = 0;
    if (RB_TYPE_P(method, T_STRING)) append(target, used, method);
    RB_GC_GUARD(owner);
    RB_GC_GUARD(method);
}

/* Without what differs from process to process, so that a method has the same name in all. */
static void copy_method(char *target, VALUE frame)
{
    write_method(target, frame);
    drop_addresses(target);
    drop_template_numbers(target);
}

static uint32_t look_up(VALUE frame)
{
    char path_text[FRAME_PATH_BYTES] = "", method_text[FRAME_METHOD_BYTES] = "";
    VALUE path = rb_profile_frame_absolute_path(frame);
    if (!RB_TYPE_P(path, T_STRING)) path = rb_profile_frame_path(frame);
    if (RB_TYPE_P(path, T_STRING)) copy_path(path_text, path);
    if (!strcmp(path_text, "<cfunc>")) *path_text = 0;
    copy_method(method_text, frame);
    RB_GC_GUARD(path);
    lookups++;
    return intern_text(path_text, method_text);
}

uint32_t frame_table_intern(VALUE frame)
{
    uint32_t index = value_cache_find(seen, frame);
    if (index != VALUE_CACHE_MISS) return index;
    index = look_up(frame);
    if (index != FRAME_NONE) value_cache_add(seen, frame, index);
    return index;
}

uint64_t frame_table_lookups(void)
{
    return lookups;
}

const struct frame_entry *frame_table_at(uint32_t index)
{
    return &entries[index];
}

void frame_table_compact(const bool *used, uint32_t *moved)
{
    uint32_t kept = 0;
    memset(buckets, 0, sizeof buckets);
    for (uint32_t i = 0; i < used_count; i++) {
        moved[i] = FRAME_NONE;
        if (!used[i]) {
            free_entry(&entries[i]);
            continue;
        }
        moved[i] = kept;
        struct frame_entry entry = entries[i];
        entries[i] = (struct frame_entry){0};
        entries[kept] = entry;
        *bucket_of(entry.hash, entry.path, entry.method) = (uint16_t)++kept;
    }
    used_count = kept;
    value_cache_clear(seen);
}

void frame_table_let_go(void)
{
    if (seen) value_cache_clear(seen);
}

void frame_table_clear(void)
{
    for (uint32_t i = 0; i < used_count; i++)
        free_entry(&entries[i]);
    used_count = 0;
    memset(buckets, 0, sizeof buckets);
    if (seen) value_cache_clear(seen);
}
