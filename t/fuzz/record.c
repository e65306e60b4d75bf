/* What a cache hands over for a fixed place: nothing opens that was not sealed for it, and a record has one spelling.
 * An input that starts with 'p' is the inside of a record, sealed here: it opens exactly when its times are right.
 */
#include "../../src/core/record.h"
#include "../../src/core/limits.h"
#include "fuzz.h"

#define NOW APR_TIME_C(1700000001000000)
#define LONGEST apr_time_from_sec(60)
#define OVERHEAD 45

unsigned long fuzz_reached;

static const mcp_record_clock_t at_now = { NOW, LONGEST };

static mcp_record_place_t place_of(const char *token)
{
    static mcp_record_secret_t secret;
    static bool made;
    mcp_record_place_t place;

    if (!made) {
        apr_pool_t *pool = fuzz_pool();
        mcp_view_t strings[] = { mcp_view_of("https://as.example"), mcp_view_of("https://as.example/introspect"),
                                 mcp_view_of("mcp") },
                   context;

        fuzz_must(mcp_record_context(&context, strings, 3, pool) &&
                      mcp_record_derive(&secret, mcp_view_of("correct horse battery staple"), context),
                  "there is a secret");
        apr_pool_destroy(pool);
        made = true;
    }
    fuzz_must(mcp_record_place(&place, &secret, mcp_view_of(token)), "a token has a place");
    return place;
}

/* What record.h says of the times, in numbers that cannot overflow. */
static bool is_right(const mcp_record_t *record)
{
    __int128 until = record->until, made = record->made;

    return made >= 0 && until > NOW && until > made && until - made <= LONGEST && made - NOW <= apr_time_from_sec(60);
}

static void try_sealed(mcp_view_t sealed, apr_pool_t *pool)
{
    mcp_record_place_t place = place_of("opaque-token"), other = place_of("other-token");
    mcp_record_t record = { .made = 42 }, second;
    mcp_view_t again;

    if (!mcp_record_open(&record, sealed, &place, &at_now, pool)) {
        fuzz_must(record.made == 42, "what is refused gives nothing");
        return;
    }
    fuzz_reached++;
    fuzz_must(is_right(&record), "what opens is current");
    fuzz_must(mcp_record_seal(&again, &record, &place, (const unsigned char *)sealed.data + 1, pool) &&
                  mcp_view_equal(sealed, again),
              "a record has one spelling");
    fuzz_must(!mcp_record_open(&second, sealed, &other, &at_now, pool), "it is of no use for another token");
}

static apr_time_t read_time(const uint8_t *data)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++) {
        number = number << 8 | data[i];
    }
    return (apr_time_t)number;
}

static void try_plain(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    mcp_record_place_t place = place_of("opaque-token");
    mcp_record_t record = { read_time(data), read_time(data + 8), { (const char *)data + 16, size - 16 } }, opened;
    mcp_view_t sealed;
    char *bytes;

    if (!mcp_record_seal(&sealed, &record, &place, (const unsigned char *)"twelve bytes", pool)) {
        fuzz_must(record.payload.len + OVERHEAD > MCP_LIMIT_RECORD, "only what is too long is not sealed");
        return;
    }
    fuzz_must(sealed.len == record.payload.len + OVERHEAD && sealed.len <= MCP_LIMIT_RECORD, "a record is limited");
    fuzz_must(mcp_record_open(&opened, sealed, &place, &at_now, pool) == is_right(&record), "the times decide");
    if (is_right(&record)) {
        fuzz_reached++;
        fuzz_must(opened.until == record.until && opened.made == record.made &&
                      mcp_view_equal(opened.payload, record.payload),
                  "what was sealed comes back");
    }
    bytes = apr_pmemdup(pool, sealed.data, sealed.len);
    bytes[data[size - 1] % sealed.len] ^= (char)(1 << data[0] % 8);
    fuzz_must(!mcp_record_open(&opened, (mcp_view_t){ bytes, sealed.len }, &place, &at_now, pool),
              "a changed bit is seen");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();

    if (size >= 17 && data[0] == 'p') {
        try_plain(data + 1, size - 1, pool);
    } else {
        try_sealed((mcp_view_t){ (const char *)data, size }, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
