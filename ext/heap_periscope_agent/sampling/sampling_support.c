#include "sampling/sampling_support.h"

#include "sampling/weak_set.h"
#include "vm/arming.h"
#include "vm/ractor_watch.h"

#include <ruby.h>
#include <stdio.h>

static bool fragile, alone_only, lives_lost;

void sampling_support_init(void)
{
    VALUE text = rb_const_get(rb_cObject, rb_intern("RUBY_VERSION"));
    const char *version = StringValueCStr(text);
    int major = 0, minor = 0, patch = 0;
    sscanf(version, "%d.%d.%d", &major, &minor, &patch);
    fragile = major == 3 && ((minor == 1 && patch < 4) || (minor == 2 && patch < 3) || minor < 1);
    alone_only = fragile || major > 3 || (major == 3 && minor >= 4);
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
    if (lives_lost || (ractor_watch_seen_p() && weak_set_ends_with_ractors_p()))
        return "this Ruby does not tell who lives once a Ractor has started; 4.0 or newer is needed";
    return NULL;
}

void sampling_support_note_lives_lost(void)
{
    lives_lost = true;
}

const char *sampling_support_take_notice(void)
{
    static bool taken;
    const char *problem = taken ? NULL : sampling_support_problem();
    if (problem) taken = true;
    return problem;
}
