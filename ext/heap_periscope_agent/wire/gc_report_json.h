/* Payloads of the short reports: gc_profiler_report and goodbye. No Ruby API, no GVL. */
#ifndef HEAP_PERISCOPE_GC_REPORT_JSON_H
#define HEAP_PERISCOPE_GC_REPORT_JSON_H

#include "report/report.h"
#include "wire/json_parts.h"

void gc_report_write(const struct report *report, struct json_parts *parts);
void gc_goodbye_write(const struct report *report, struct json_parts *parts);

#endif
