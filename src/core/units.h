/* units.h - durations as admins write them: a whole number and a unit.
 * Not which range makes sense (the directive says).
 */
#ifndef MCP_UNITS_H
#define MCP_UNITS_H

#include <apr_time.h>

#include "view.h"

/* Parse "500ms", "30s", "5m" or "5min", "1h", "2d"; a number without a unit is seconds. False for anything else,
 * negative numbers and overflow included. */
bool mcp_units_duration(apr_interval_time_t *duration, const char *text);

#endif
