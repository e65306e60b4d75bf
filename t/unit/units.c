/* Durations and sizes as admins write them. */
#include "../../src/core/units.h"
#include "../lib/tap.h"

#define SECOND APR_USEC_PER_SEC

static const struct {
    const char *text;
    apr_interval_time_t want; /* -1: refused */
} rows[] = {
    { "0", 0 },
    { "30", 30 * SECOND },
    { "30s", 30 * SECOND },
    { "30S", 30 * SECOND },
    { "500ms", SECOND / 2 },
    { "500MS", SECOND / 2 },
    { "5m", 300 * SECOND },
    { "5min", 300 * SECOND },
    { "1h", 3600 * SECOND },
    { "2d", 172800 * SECOND },
    { "007", 7 * SECOND },
    { "999999999", 999999999 * SECOND },
    { "999999999h", SECOND * 999999999 * 3600 },
    { "106751991d", SECOND * 106751991 * 86400 }, /* the last one that fits */
    { "106751992d", -1 },
    { "213503983d", -1 }, /* 2^64 and 16 hours */
    { "640511947d", -1 }, /* three times 2^64, less 329 seconds: would come out as a negative skew */
    { "999999999d", -1 },
    { "1000000000", -1 },
    { "99999999999999999999", -1 },
    { "", -1 },
    { "s", -1 },
    { "-1", -1 },
    { "+1", -1 },
    { "1.5s", -1 },
    { "1 s", -1 },
    { " 1s", -1 },
    { "1s ", -1 },
    { "1s\n", -1 },
    { "5 fortnights", -1 },
    { "1w", -1 },
    { "1sec", -1 },
    { "1us", -1 },
    { "1ss", -1 },
    { "0x10", -1 },
    { "1h30m", -1 },
    { "1e3", -1 },
    { "\xd9\xa1s", -1 },
};

static const struct {
    const char *text;
    apr_int64_t want; /* -1: refused */
} sizes[] = {
    { "0", 0 },
    { "1", 1 },
    { "65536", 65536 },
    { "512K", 524288 },
    { "512k", 524288 },
    { "8M", 8388608 },
    { "1G", 1 << 30 },
    { "", -1 },
    { "M", -1 },
    { "8 M", -1 },
    { "-1", -1 },
    { "1.5M", -1 },
    { "8MB", -1 },
    { "1T", -1 },
    { "0x10", -1 },
    { "1000000000", -1 },
    { "8M ", -1 },
    { "off", -1 },
    { "999999999G", APR_INT64_C(1073741824) * 999999999 },
};

int main(void)
{
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        apr_int64_t got = -2;
        bool good = mcp_units_size(&got, sizes[i].text);

        is_int(good ? got : -1, sizes[i].want, "size '%s'", sizes[i].text);
        ok(good || got == -2, "'%s': untouched unless it is one", sizes[i].text);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_interval_time_t got = -2;
        bool good = mcp_units_duration(&got, rows[i].text);

        is_int(good ? got : -1, rows[i].want, "'%s'", rows[i].text);
        ok(good || got == -2, "'%s': untouched unless it is one", rows[i].text);
    }
    return done_testing();
}
