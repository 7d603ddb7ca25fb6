#include "sampling/weak_set.h"

#include <ruby/version.h>
#include <string.h>

/* Whether a method is deprecated cannot be probed for without having it called, and warned of. */
#if RUBY_API_VERSION_CODE < 30500
static const struct weak_set_kind *kind = &weak_ids;
#else
static const struct weak_set_kind *kind = &weak_map;
#endif

void weak_set_init(void)
{
    weak_ids.init();
    weak_map.init();
}

bool weak_set_use(const char *name)
{
    const struct weak_set_kind *kinds[] = {&weak_ids, &weak_map};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i]->name, name) != 0) continue;
        kind = kinds[i];
        return true;
    }
    return false;
}

bool weak_set_ends_with_ractors_p(void)
{
    return kind->ends_with_ractors;
}

bool weak_set_sound_p(void)
{
    return kind->sound();
}

void weak_set_start(void)
{
    kind->start();
}

void weak_set_stop(void)
{
    kind->stop();
}

bool weak_set_enter(uint32_t place, VALUE object)
{
    return kind->enter(place, object);
}

void weak_set_forget(uint32_t place)
{
    kind->forget(place);
}

bool weak_set_waiting_p(void)
{
    return kind->waiting();
}

void weak_set_settle(const struct weak_fates *fates)
{
    kind->settle(fates);
}

bool weak_set_ask(const struct weak_question *question)
{
    return kind->ask(question);
}

void weak_set_tidy(void)
{
    kind->tidy();
}

uint64_t weak_set_bytes(void)
{
    return kind->bytes();
}
