/* The sections of a snapshot's payload, in the order they are sent. No Ruby API, no GVL. */
#ifndef HEAP_PERISCOPE_SNAPSHOT_SECTIONS_H
#define HEAP_PERISCOPE_SNAPSHOT_SECTIONS_H

#include "report/report.h"
#include "wire/json_parts.h"

/* Writes every section of `report` into `parts`: first, whole, those that receivers for version 0.3.0 know. */
void snapshot_sections_write(const struct report *report, struct json_parts *parts);

#endif
