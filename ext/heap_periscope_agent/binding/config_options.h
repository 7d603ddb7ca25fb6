/* What Configuration#to_native returns, as an agent_config. */
#ifndef HEAP_PERISCOPE_CONFIG_OPTIONS_H
#define HEAP_PERISCOPE_CONFIG_OPTIONS_H

#include "config/agent_config.h"

#include <ruby.h>

/* Fills `config` from a Hash that has every option, all but the signing key. May raise (KeyError, TypeError, RangeError). GVL. */
void config_options_read(VALUE options, struct agent_config *config);

/* One option, as it is. Raises KeyError where the Hash lacks it. GVL. */
VALUE config_option(VALUE options, const char *name);

/* Hands the names of `platform_namespaces` to platform_classes. May raise TypeError. GVL. */
void config_options_extend_platform(VALUE options);

#endif
