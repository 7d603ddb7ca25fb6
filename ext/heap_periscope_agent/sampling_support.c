#include "sampling_support.h"

#include "arming.h"
#include "ractor_watch.h"

#include <ruby.h>
#include <stdio.h>
#include <string.h>

static bool fragile, alone_only;
static char retained_problem[160];

void sampling_support_init(void)
{
    VALUE text = rb_const_get(rb_cObject, rb_intern("RUBY_VERSION"));
    const char *version = StringValueCStr(text);
    int major = 0, minor = 0, patch = 0;
    sscanf(version, "%d.%d.%d", &major, &minor, &patch);
    fragile = major == 3 && ((minor == 1 && patch < 4) || (minor == 2 && patch < 3) || minor < 1);
    alone_only = fragile || major > 3 || (major == 3 && minor >= 4);
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
    if (!alone_only || !ractor_watch_seen_p()) return NULL;
    return fragile ? "this Ruby crashes when a Ractor runs beside a hook on allocations; 3.1.4, 3.2.3 or "
                     "newer is "
                     "needed"
                   : "a Ractor has started, and from 3.4 on Ruby crashes when one runs beside a hook on "
                     "allocations; "
                     "3.2.3 to 3.3 do not";
}

const char *sampling_support_retained_problem(void)
{
    return fragile ? retained_problem : NULL;
}

const char *sampling_support_take_notice(void)
{
    static bool taken;
    const char *problem = taken ? NULL : sampling_support_problem();
    if (problem) taken = true;
    return problem;
}
