/* Reports that are made and sent on the caller's own thread: by hand, and at the end of the process. GVL held; called where interrupts
 * wait (guarded_call.h). None raises. */
#ifndef HEAP_PERISCOPE_SYNCHRONOUS_REPORT_H
#define HEAP_PERISCOPE_SYNCHRONOUS_REPORT_H

#include "report/report.h"

enum collect_what {
    COLLECT_CENSUS = 1,  /* counts by type, walked at once */
    COLLECT_CLASSES = 2, /* and by class, with bytes */
    COLLECT_PEEK = 4     /* leave what is counted "since the previous report" where it is */
};

/* One snapshot, `what` of collect_what. The caller frees it; NULL without memory. */
struct report *synchronous_collect(unsigned what);

/* Sends one snapshot, with classes where the configuration says so. True when the kernel took all of it. Lets other threads run
 * while it encodes. */
bool synchronous_snapshot(void);

/* Sends a last snapshot, of as much of the heap as the time until `deadline_ns` (monotonic) allows, and a goodbye with this reason
 * ("exit" or "stop"). Keeps the GVL: where other threads compute, letting it go costs a time slice of each of them. */
void synchronous_goodbye(const char *reason, uint64_t deadline_ns);

#endif
