#include "units.h"

#include <apr.h>

typedef struct {
    const char *name;
    apr_int64_t size;
} unit_t;

/* A number of at most nine digits and one of the units. */
static bool parse(apr_int64_t *value, const char *text, const unit_t units[], size_t count)
{
    size_t digits = strspn(text, "0123456789");
    apr_int64_t number = 0;

    if (digits == 0 || digits > 9) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (text[i] - '0');
    }
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(text + digits, units[i].name) == 0 && number <= APR_INT64_MAX / units[i].size) {
            *value = number * units[i].size;
            return true;
        }
    }
    return false;
}

bool mcp_units_duration(apr_interval_time_t *duration, const char *text)
{
    static const unit_t units[] = {
        { "", APR_USEC_PER_SEC },          { "ms", 1000 },
        { "s", APR_USEC_PER_SEC },         { "m", 60 * APR_USEC_PER_SEC },
        { "min", 60 * APR_USEC_PER_SEC },  { "h", 3600 * APR_USEC_PER_SEC },
        { "d", 86400 * APR_USEC_PER_SEC },
    };

    return parse(duration, text, units, sizeof(units) / sizeof(units[0]));
}

bool mcp_units_size(apr_int64_t *bytes, const char *text)
{
    static const unit_t units[] = { { "", 1 }, { "K", 1024 }, { "M", 1048576 }, { "G", 1073741824 } };

    return parse(bytes, text, units, sizeof(units) / sizeof(units[0]));
}
