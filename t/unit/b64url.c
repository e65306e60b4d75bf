/* base64url: one spelling for each value (RFC 4648 5, RFC 7515 2), over the vectors, over every byte and every short
 * text. */
#include <apr_general.h>

#include "../../src/core/b64url.h"
#include "../lib/tap.h"

static const struct {
    const char *name, *text, *bytes; /* bytes NULL: refused */
} rows[] = {
    { "RFC 4648 10: nothing", "", "" },
    { "RFC 4648 10: f", "Zg", "f" },
    { "RFC 4648 10: fo", "Zm8", "fo" },
    { "RFC 4648 10: foo", "Zm9v", "foo" },
    { "RFC 4648 10: foob", "Zm9vYg", "foob" },
    { "RFC 4648 10: fooba", "Zm9vYmE", "fooba" },
    { "RFC 4648 10: foobar", "Zm9vYmFy", "foobar" },
    { "RFC 7515 C: both special characters", "A-z_4ME", "\x03\xec\xff\xe0\xc1" },
    { "B-25 one pad", "Zm8=", NULL },
    { "B-25 two pads", "Zg==", NULL },
    { "B-25 a pad too many", "Zm9v=", NULL },
    { "B-25 nothing but pads", "====", NULL },
    { "B-26 plus", "A+z_4ME", NULL },
    { "B-26 slash", "A-z/4ME", NULL },
    { "B-26 leading blank", " Zm9v", NULL },
    { "B-26 inner blank", "Zm 9v", NULL },
    { "B-26 trailing blank", "Zm9v ", NULL },
    { "B-26 line end", "Zm9v\n", NULL },
    { "B-26 CR LF inside", "Zm\r\n9v", NULL },
    { "B-27 unused bits of one byte", "Zh", NULL },
    { "B-27 unused bits of two bytes", "Zm9", NULL },
    { "impossible length 1", "Z", NULL },
    { "impossible length 5", "Zm9vY", NULL },
    { "beyond ASCII", "Zm9\xc3", NULL },
    { "a dot", "Zm.v", NULL },
};

static void test_rows(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_view_t got = { "untouched", 9 };
        bool good = mcp_b64url_decode(&got, mcp_view_of(rows[i].text), pool);

        ok(good == (rows[i].bytes != NULL), "%s: verdict", rows[i].name);
        ok(mcp_view_is(got, rows[i].bytes ? rows[i].bytes : "untouched"), "%s: bytes", rows[i].name);
        if (rows[i].bytes) {
            is_int(got.data[got.len], 0, "%s: a NUL behind", rows[i].name);
            is_str(mcp_b64url_encode(got, pool), rows[i].text, "%s: and back", rows[i].name);
        }
    }
}

/* Each of the 256 bytes at each place of a group of four. */
static void test_alphabet(apr_pool_t *pool)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int wrong = 0;

    for (int byte = 0; byte < 256; byte++) {
        bool known = memchr(alphabet, byte, 64) != NULL;

        for (int place = 0; place < 4; place++) {
            char text[4] = { 'A', 'A', 'A', 'A' };
            mcp_view_t got;

            text[place] = (char)byte;
            wrong += mcp_b64url_decode(&got, (mcp_view_t){ text, 4 }, pool) != known;
        }
    }
    is_int(wrong, 0, "64 characters and no other");
}

/* B-27: of all texts of two and three characters exactly one stands for each value. */
static void test_unique(apr_pool_t *pool)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int two = 0, three = 0;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    for (int i = 0; i < 64 * 64; i++) {
        char text[3] = { alphabet[i / 64], alphabet[i % 64], 0 };
        mcp_view_t got;

        two += mcp_b64url_decode(&got, (mcp_view_t){ text, 2 }, scratch);
        for (int last = 0; last < 64; last++) {
            text[2] = alphabet[last];
            three += mcp_b64url_decode(&got, (mcp_view_t){ text, 3 }, scratch);
        }
        apr_pool_clear(scratch);
    }
    is_int(two, 256, "256 texts of two characters");
    is_int(three, 65536, "65536 texts of three characters");
}

static void test_round_trip(apr_pool_t *pool)
{
    char bytes[300];
    int wrong = 0;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)(i * 131 + 7);
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        mcp_view_t got = { NULL, 0 }, given = { bytes, len };
        const char *text = mcp_b64url_encode(given, pool);

        wrong += strlen(text) != (len * 4 + 2) / 3 || !mcp_b64url_decode(&got, mcp_view_of(text), pool) ||
                 !mcp_view_equal(got, given);
    }
    is_int(wrong, 0, "every length from 0 to 300 there and back");
    ok(mcp_b64url_decode(&(mcp_view_t){ 0 }, (mcp_view_t){ NULL, 0 }, pool), "a view of nothing");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_rows(pool);
    test_alphabet(pool);
    test_unique(pool);
    test_round_trip(pool);
    apr_terminate();
    return done_testing();
}
