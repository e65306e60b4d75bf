/* units.h - durations and sizes as admins write them: a whole number and a unit.
 * Not which range makes sense (the directive says).
 */
#ifndef MCP_UNITS_H
#define MCP_UNITS_H

#include <apr_time.h>

#include "view.h"

/* Parse "500ms", "30s", "5m" or "5min", "1h", "2d"; a number without a unit is seconds. False for anything else,
 * negative numbers and overflow included. */
bool mcp_units_duration(apr_interval_time_t *duration, const char *text);

/* Parse "65536", "512K", "8M" or "1G"; a number without a unit is bytes. False as above. */
bool mcp_units_size(apr_int64_t *bytes, const char *text);

#endif
