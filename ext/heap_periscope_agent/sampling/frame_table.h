/* Stack frames by what they are called: path, method and kind, as text of our own, so that no code is kept alive for having
 * been seen. Frames of the same path and method are one entry; lines are kept elsewhere. At most FRAMES_MAX entries; when the
 * table is full its owner compacts it.
 *
 * GVL, outside of hooks. */
#ifndef HEAP_PERISCOPE_FRAME_TABLE_H
#define HEAP_PERISCOPE_FRAME_TABLE_H

#include <ruby.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMES_MAX         4096
#define FRAME_PATH_BYTES   256
#define FRAME_METHOD_BYTES 128
#define FRAME_GEM_BYTES    64
#define FRAME_NONE         UINT32_MAX

enum frame_kind {
    FRAME_APP,
    FRAME_GEM,  /* in an installed gem */
    FRAME_RUBY, /* Ruby's own library, or code inside the VM */
    FRAME_C     /* a method in C: without path and line */
};

struct frame_entry {
    char *path;   /* of the file, without the application's root; "" for FRAME_C */
    char *method; /* "Cart#add", "<main>" */
    char *gem;    /* its name, "ruby" for FRAME_RUBY; "" otherwise */
    enum frame_kind kind;
    uint32_t hash;
};

/* Once, on the reporter's thread, which runs inside of a method in C. May raise NoMemoryError. */
void frame_table_init(void);

/* Where the application and Ruby's own library live; folders without a trailing slash, copied. */
void frame_table_set_folders(const char *application, const char *const *libraries, size_t count);

/* The entry of a frame that rb_profile_frames gave, or FRAME_NONE when the table is full. May raise: by guarded_c_call. */
uint32_t frame_table_intern(VALUE frame);

/* How many frames had to be looked up, ever. */
uint64_t frame_table_lookups(void);

const struct frame_entry *frame_table_at(uint32_t index);

/* Keeps the entries with `used[index]`, and writes their new places to `moved`. Both have FRAMES_MAX places. */
void frame_table_compact(const bool *used, uint32_t *moved);

/* Drops what ties entries to live code, so that code the program has unloaded can go; found again when it is seen again. */
void frame_table_let_go(void);

void frame_table_clear(void);

#endif
