#include "units.h"

#include <apr.h>

bool mcp_units_duration(apr_interval_time_t *duration, const char *text)
{
    static const struct {
        const char *name;
        apr_interval_time_t size;
    } units[] = {
        { "", APR_USEC_PER_SEC },          { "ms", 1000 },
        { "s", APR_USEC_PER_SEC },         { "m", 60 * APR_USEC_PER_SEC },
        { "min", 60 * APR_USEC_PER_SEC },  { "h", 3600 * APR_USEC_PER_SEC },
        { "d", 86400 * APR_USEC_PER_SEC },
    };
    size_t digits = strspn(text, "0123456789");
    apr_int64_t number = 0;

    if (digits == 0 || digits > 9) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (text[i] - '0');
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(text + digits, units[i].name) == 0 && number <= APR_INT64_MAX / units[i].size) {
            *duration = number * units[i].size;
            return true;
        }
    }
    return false;
}
