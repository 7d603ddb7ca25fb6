#include "sampling/stack_fold.h"

#include "sampling/frame_table.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void stack_frame_text(struct call_frame frame, char *line, size_t size)
{
    const struct frame_entry *entry = frame_table_at(frame.frame);
    if (entry->kind == FRAME_C)
        snprintf(line, size, "%s (C)", entry->method);
    else
        snprintf(line, size, "%s:%d in %s", entry->path, frame.line, entry->method);
}

struct run {
    const char *gem; /* NULL: none is open */
    size_t frames;
    bool beneath; /* the application's innermost frame called into it */
};

struct folding {
    char (*lines)[STACK_LINE_BYTES];
    size_t used, limit;
    struct run run;
};

static char *next_line(struct folding *folding)
{
    return folding->used < folding->limit ? folding->lines[folding->used++] : NULL;
}

static void end_run(struct folding *folding)
{
    struct run *run = &folding->run;
    char *line = run->gem ? next_line(folding) : NULL;
    if (line)
        snprintf(line, STACK_LINE_BYTES, "%s%s (%zu frame%s)", run->beneath ? "through " : "", run->gem,
                 run->frames, run->frames == 1 ? "" : "s");
    run->gem = NULL;
}

/* Methods in C belong to the run they stand in. */
static void add_outside(struct folding *folding, const struct frame_entry *entry, bool beneath)
{
    struct run *run = &folding->run;
    bool joins =
        run->gem && (entry->kind == FRAME_C || !strcmp(run->gem, entry->gem) || !strcmp(run->gem, "C"));
    if (joins && entry->kind != FRAME_C) run->gem = entry->gem;
    if (joins) {
        run->frames++;
        return;
    }
    end_run(folding);
    *run = (struct run){entry->kind == FRAME_C ? "C" : entry->gem, 1, beneath};
}

static size_t first_of_application(const struct call_frame *frames, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (frame_table_at(frames[i].frame)->kind == FRAME_APP) return i;
    return count;
}

size_t stack_fold(const struct call_frame *frames, size_t count, char (*lines)[STACK_LINE_BYTES],
                  size_t limit)
{
    struct folding folding = {.lines = lines, .limit = limit};
    size_t first = first_of_application(frames, count);
    char *line = first < count ? next_line(&folding) : NULL;
    if (line) stack_frame_text(frames[first], line, STACK_LINE_BYTES);

    for (size_t i = 0; i < count; i++) {
        const struct frame_entry *entry = frame_table_at(frames[i].frame);
        if (i == first) {
            end_run(&folding);
        } else if (entry->kind != FRAME_APP) {
            add_outside(&folding, entry, first < count && i < first);
        } else {
            end_run(&folding);
            if ((line = next_line(&folding))) stack_frame_text(frames[i], line, STACK_LINE_BYTES);
        }
    }
    end_run(&folding);
    return folding.used;
}
