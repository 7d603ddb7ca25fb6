#include "leaks/leak_sentence.h"

#include "spans/span_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A span is named when at least this share of the survivors was born in it. */
#define SPAN_SHARE 0.5

struct sentence {
    char *text;
    size_t size, used;
};

#define SAY(sentence, ...)                                                                                   \
    say(sentence,                                                                                            \
        snprintf((sentence)->text + (sentence)->used, (sentence)->size - (sentence)->used, __VA_ARGS__))

static void say(struct sentence *sentence, int length)
{
    size_t room = sentence->size - sentence->used - 1;
    if (length > 0) sentence->used += (size_t)length < room ? (size_t)length : room;
}

/* To so many digits that count: 12 437 to 3 is 12 400. */
static double rounded(double value, int digits)
{
    if (value == 0) return 0;
    double step = pow(10, floor(log10(fabs(value))) + 1 - digits);
    return step > 1 ? round(value / step) * step : round(value);
}

/* "1 234 567" */
static void say_number(struct sentence *sentence, double value)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%.0f", value);
    for (int i = 0; i < length; i++) {
        SAY(sentence, "%c", digits[i]);
        if ((length - i) % 3 == 1 && i + 1 < length && digits[i] != '-') SAY(sentence, " ");
    }
}

static const char *scaled(double *bytes)
{
    static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
    size_t unit = 0;
    for (; fabs(*bytes) >= 1000 && unit < sizeof units / sizeof *units - 1; unit++)
        *bytes /= 1024;
    return units[unit];
}

static void say_growth(struct sentence *sentence, const struct leak_suspect *suspect)
{
    double bytes = suspect->bytes_per_hour;
    const char *unit = scaled(&bytes);
    SAY(sentence, "`%s` %s by ", suspect->class_name,
        suspect->confidence == LEAK_LOW ? "seems to grow" : "grows");
    if (suspect->by_bytes) {
        double scale = bytes != 0 ? suspect->bytes_per_hour / bytes : 1;
        SAY(sentence, "%.1f ± %.1f %s an hour, without as many more objects", bytes,
            suspect->bytes_per_hour_error / scale, unit);
        return;
    }
    say_number(sentence, rounded(suspect->objects_per_hour, 3));
    SAY(sentence, " ± ");
    say_number(sentence, rounded(suspect->objects_per_hour_error, 1));
    SAY(sentence, " objects an hour (%.1f %s/h)", bytes, unit);
}

static void say_origin(struct sentence *sentence, const struct retained_origins *origins)
{
    if (!origins->site_count || !origins->sites[0].path[0]) return;
    const struct retained_site_share *site = &origins->sites[0];
    SAY(sentence, "; %.0f %% of the survivors come from %s:%d", site->share * 100, site->path, site->line);
    if (origins->span_count && origins->spans[0].share >= SPAN_SHARE)
        SAY(sentence, " in `%s`", origins->spans[0].span->name);
    else if (site->method[0])
        SAY(sentence, " in `%s`", site->method);
}

void leak_sentence_write(const struct leak_suspect *suspect, char *text, size_t size)
{
    struct sentence sentence = {.text = text, .size = size};
    text[0] = '\0';
    say_growth(&sentence, suspect);
    say_origin(&sentence, &suspect->origins);
}
