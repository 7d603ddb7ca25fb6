/* The leak detector at work: which censuses it wants, what it is shown, where the survivors come from, who is told. All functions
 * are the reporter thread's, without the GVL. */
#ifndef HEAP_PERISCOPE_LEAK_WATCH_H
#define HEAP_PERISCOPE_LEAK_WATCH_H

#include "report/report.h"

/* Whether the next census has to be by class for the detector's sake: with allocation sampling, as often as the census budget
 * allows, at most every interval. */
bool leak_watch_census_due(const struct agent_config *config);

/* Shows the census of a completed report to the detector, and puts into the report what it now suspects. False when that told
 * the detector nothing new. */
bool leak_watch_observe(struct report *report);

/* Calls `config.on_leak_suspect` for what is new in the report's suspects. Answers 0, or what guarded_call_of_program did. */
int leak_watch_announce(const struct report *report);

#endif
