#include "sampling_support.h"

#include <ruby.h>
#include <stdio.h>
#include <string.h>

static bool fragile, ractor_seen;
static char retained_problem[160];

void sampling_support_init(void)
{
    VALUE text = rb_const_get(rb_cObject, rb_intern("RUBY_VERSION"));
    const char *version = StringValueCStr(text);
    int major = 0, minor = 0, patch = 0;
    sscanf(version, "%d.%d.%d", &major, &minor, &patch);
    fragile = major == 3 && ((minor == 1 && patch < 4) || (minor == 2 && patch < 3) || minor < 1);
    if (fragile)
        snprintf(retained_problem, sizeof retained_problem,
                 "ObjectSpace::WeakMap is not sound on Ruby %s; 3.1.4, 3.2.3 or newer is needed", version);
}

bool sampling_support_fragile_p(void)
{
    return fragile;
}

const char *sampling_support_problem(void)
{
    if (fragile && ractor_seen)
        return "this Ruby crashes when a Ractor runs beside a hook on allocations; 3.1.4, 3.2.3 or newer is "
               "needed";
    return NULL;
}

const char *sampling_support_retained_problem(void)
{
    return fragile ? retained_problem : NULL;
}

void sampling_support_note_ractor(void)
{
    ractor_seen = true;
}
