/* The sections of a snapshot that sampling fills: allocation_sampling, allocation_sites, retained_sites. No Ruby API, no GVL. */
#ifndef HEAP_PERISCOPE_SAMPLING_SECTIONS_H
#define HEAP_PERISCOPE_SAMPLING_SECTIONS_H

#include "sampling/sampling_report.h"
#include "wire/json_parts.h"

/* Nothing for NULL. */
void sampling_sections_write(const struct sampling_report *report, yajl_gen json, struct json_parts *parts);

/* The object under "allocation_sampling". */
void sampling_status_write(const struct sampler_status *status, const struct share_base *base, yajl_gen json);

/* One entry of allocation_sites (`retained` false) or retained_sites. */
void sampling_row_write(const struct sampling_rows *rows, size_t index, bool retained, yajl_gen json);

#endif
