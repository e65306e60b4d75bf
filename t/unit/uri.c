/* Absolute URIs: what is one, its origin, its well-known address. Paths: which are plain, which are the same. */
#include <apr_general.h>
#include <apr_uri.h>

#include "../../src/core/uri.h"
#include "../lib/bytes.h"
#include "../lib/tap.h"

static const struct {
    const char *text;
    bool https, loopback;
    const char *host, *authority;
    unsigned port;
    const char *path, *query, *origin;
} good[] = {
    { "https://mcp.example.com/mcp", true, false, "mcp.example.com", "mcp.example.com", 443, "/mcp", NULL,
      "https://mcp.example.com" },
    { "https://mcp.example.com", true, false, "mcp.example.com", "mcp.example.com", 443, "", NULL,
      "https://mcp.example.com" },
    { "HTTPS://MCP.Example.COM/MCP", true, false, "mcp.example.com", "MCP.Example.COM", 443, "/MCP", NULL,
      "https://mcp.example.com" },
    { "https://h:443/", true, false, "h", "h:443", 443, "/", NULL, "https://h" },
    { "https://h:80/", true, false, "h", "h:80", 80, "/", NULL, "https://h:80" },
    { "http://h:80/", false, false, "h", "h:80", 80, "/", NULL, "http://h" },
    { "http://h:443/", false, false, "h", "h:443", 443, "/", NULL, "http://h:443" },
    { "https://h:8443/a?b=c?d", true, false, "h", "h:8443", 8443, "/a", "b=c?d", "https://h:8443" },
    { "https://h?q", true, false, "h", "h", 443, "", "q", "https://h" },
    { "https://h:65535", true, false, "h", "h:65535", 65535, "", NULL, "https://h:65535" },
    { "http://localhost:8000/mcp", false, true, "localhost", "localhost:8000", 8000, "/mcp", NULL,
      "http://localhost:8000" },
    { "http://LOCALHOST", false, true, "localhost", "LOCALHOST", 80, "", NULL, "http://localhost" },
    { "http://127.0.0.1", false, true, "127.0.0.1", "127.0.0.1", 80, "", NULL, "http://127.0.0.1" },
    { "http://127.9.8.7:1", false, true, "127.9.8.7", "127.9.8.7:1", 1, "", NULL, "http://127.9.8.7:1" },
    { "http://[::1]:8000/", false, true, "::1", "[::1]:8000", 8000, "/", NULL, "http://[::1]:8000" },
    { "https://[2001:DB8::1]/x", true, false, "2001:db8::1", "[2001:DB8::1]", 443, "/x", NULL,
      "https://[2001:db8::1]" },
    { "http://127.example.com", false, false, "127.example.com", "127.example.com", 80, "", NULL,
      "http://127.example.com" },
    { "http://127.0.0.1.example.com", false, false, "127.0.0.1.example.com", "127.0.0.1.example.com", 80, "", NULL,
      "http://127.0.0.1.example.com" },
    { "http://localhost.example.com", false, false, "localhost.example.com", "localhost.example.com", 80, "", NULL,
      "http://localhost.example.com" },
    { "http://1270.0.0.1", false, false, "1270.0.0.1", "1270.0.0.1", 80, "", NULL, "http://1270.0.0.1" },
    { "https://h/%2e%2e/%zz", true, false, "h", "h", 443, "/%2e%2e/%zz", NULL, "https://h" },
};

static void test_good(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        mcp_uri_t uri = { 0 };

        is_str(mcp_uri_parse(&uri, good[i].text, pool), NULL, "%s", good[i].text);
        ok(uri.https == good[i].https, "%s: scheme", good[i].text);
        is_str(uri.host, good[i].host, "%s: host", good[i].text);
        is_str(uri.authority, good[i].authority, "%s: authority", good[i].text);
        is_int(uri.port, good[i].port, "%s: port", good[i].text);
        is_str(uri.path, good[i].path, "%s: path", good[i].text);
        is_str(uri.query, good[i].query, "%s: query", good[i].text);
        is_str(mcp_uri_origin(&uri, pool), good[i].origin, "%s: origin", good[i].text);
        ok(mcp_uri_is_loopback(&uri) == good[i].loopback, "%s: loopback", good[i].text);
    }
}

static const struct {
    const char *text, *wrong;
} bad[] = {
    { "", "is relative" },
    { "/mcp", "is relative" },
    { "mcp.example.com/mcp", "is relative" },
    { "//h/mcp", "is relative" },
    { "https:/h", "is relative" },
    { "https:h", "is relative" },
    { "ftp://h/", "is neither https nor http" },
    { "file:///etc/passwd", "is neither https nor http" },
    { "httpss://h/", "is neither https nor http" },
    { "https:///mcp", "has no host" },
    { "https://:443/", "has no host" },
    { "https://user@h/", "has user information" },
    { "https://user:secret@h/", "has user information" },
    { "https://@h/", "has user information" },
    { "https://good.example@evil.example/", "has user information" },
    { "https://h:0/", "has a bad port" },
    { "https://h:/", "has a bad port" },
    { "https://h:x/", "is not a URI" },
    { "https://h:80x/", "is not a URI" },
    { "https://h:65536/", "has a bad port" },
    { "https://h:65979/", "has a bad port" }, /* 443 modulo 2^16 */
    { "https://h:4294967739/", "has a bad port" },
    { "https://h:99999999999999999999/", "has a bad port" },
    { "https://h:+443/", "has a bad port" },
    { "https://h:-443/", "has a bad port" },
    { "https://h/#", "has a fragment" },
    { "https://h/mcp#top", "has a fragment" },
    { "#https://h/", "has a fragment" },
    { "https://h/a b", "has a character that no URI may have" },
    { " https://h/", "has a character that no URI may have" },
    { "https://h/\n", "has a character that no URI may have" },
    { "https://h/\r\nX: y", "has a character that no URI may have" },
    { "https://h/\x7f", "has a character that no URI may have" },
    { "https://h\xc3\xa9/", "has a character that no URI may have" },
    { "https://h/\"", "has a character that no URI may have" },
    { "https://h/<x>", "has a character that no URI may have" },
    { "https://h\\@evil/", "has a character that no URI may have" },
    { "https://h/{a}", "has a character that no URI may have" },
    { "https://h/a|b", "has a character that no URI may have" },
    { "https://h/a^b`", "has a character that no URI may have" },
    { "https://[::1/", "is not a URI" },
};

static void test_bad(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mcp_uri_t uri;

        is_str(mcp_uri_parse(&uri, bad[i].text, pool), bad[i].wrong, "%zu '%s'", i, bad[i].text);
    }
}

static const struct {
    const char *text, *address;
} inserted[] = {
    { "https://h", "https://h/.well-known/x" },
    { "https://h/", "https://h/.well-known/x" },
    { "https://h/mcp", "https://h/.well-known/x/mcp" },
    { "https://h/mcp/", "https://h/.well-known/x/mcp/" },
    { "https://h/a/b", "https://h/.well-known/x/a/b" },
    { "http://H:8000/mcp?t=1", "http://H:8000/.well-known/x/mcp?t=1" },
    { "https://h?t=1", "https://h/.well-known/x?t=1" },
    { "https://[::1]:8443/mcp", "https://[::1]:8443/.well-known/x/mcp" },
};

static void test_insert(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(inserted) / sizeof(inserted[0]); i++) {
        mcp_uri_t uri;

        is_str(mcp_uri_parse(&uri, inserted[i].text, pool), NULL, "%s parses", inserted[i].text);
        is_str(mcp_uri_insert(&uri, "/.well-known/x", pool), inserted[i].address, "RFC 9728 3.1: %s", inserted[i].text);
    }
}

static const struct {
    const char *path;
    bool plain;
} paths[] = {
    { "/", true },          { "/mcp", true },       { "/mcp/", true },    { "/a.b/c..d", true }, { "/a%20b", true },
    { "/%252e", true },     { "//", false },        { "/a//b", false },   { "/mcp//", false },   { "/.", false },
    { "/..", false },       { "/a/./b", false },    { "/a/../b", false }, { "/.hidden", false }, { "/%2e%2e/b", false },
    { "/a/%2E./b", false }, { "/a/.%2e/b", false }, { "/a%2fb", false },  { "/a%2Fb", false },   { "/a%5cb", false },
    { "/a%5Cb", false },    { "/%", true },         { "/a%2", true },
};

static void test_plain_paths(void)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ok(mcp_uri_is_plain_path(paths[i].path) == paths[i].plain, "%s: means one thing only, or not", paths[i].path);
    }
}

static const struct {
    const char *a, *b;
    bool same;
} pairs[] = {
    { "/mcp", "/mcp", true },     { "/mcp", "/mcp/", true }, { "/", "/", true },
    { "/mcp/", "/mcp//", false }, { "/", "//", true },       { "/mcp", "/mcpx", false },
    { "/mcp", "/MCP", false },    { "/", "/mcp", false },    { "/mcp/a", "/mcp", false },
};

static void test_same_paths(void)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        ok(mcp_uri_is_same_path(pairs[i].a, pairs[i].b) == pairs[i].same, "%s and %s", pairs[i].a, pairs[i].b);
        ok(mcp_uri_is_same_path(pairs[i].b, pairs[i].a) == pairs[i].same, "%s and %s", pairs[i].b, pairs[i].a);
    }
}

static const struct {
    const char *name, *uri;
    bool has;
} dots[] = {
    { "two", "file:///a/../b", true },
    { "one", "file:///a/./b", true },
    { "at the end", "file:///a/..", true },
    { "one at the end", "file:///a/.", true },
    { "at the beginning", "../a", true },
    { "alone", "..", true },
    { "one alone", ".", true },
    { "before a query", "file:///a/..?x", true },
    { "before a fragment", "file:///a/..#x", true },
    { "after a query", "x?/../y", true },
    { "with parameters", "file:///a/..;x/b", true },
    { "parameters of a name", "file:///a/b;..x", false },
    { "right behind the scheme", "file:../etc/passwd", true },
    { "one behind the scheme", "file:./a", true },
    { "nothing else behind the scheme", "file:..", true },
    { "encoded behind the scheme", "file:%2e%2E/a", true },
    { "behind a port", "http://h:80/../a", true },
    { "encoded", "file:///a/%2e%2e/b", true },
    { "in upper case", "file:///a/%2E%2E/b", true },
    { "one of two encoded", "file:///a/.%2e/b", true },
    { "the other one", "file:///a/%2e./b", true },
    { "one encoded", "file:///a/%2e/b", true },
    { "encoded at the end", "file:///a/%2e%2e", true },
    { "behind a backslash", "file:///a\\..\\b", true },
    { "behind an encoded slash", "file:///a%2f..%2fb", true },
    { "in upper case", "file:///a%2F..%2Fb", true },
    { "behind an encoded backslash", "file:///a%5c..%5Cb", true },
    { "all of it encoded", "a%2f%2e%2e%2fb", true },
    { "behind an empty segment", "file:///a//../b", true },
    { "nothing", "", false },
    { "none", "file:///a/b", false },
    { "a hidden file", "file:///a/.b", false },
    { "a hidden file with two dots", "file:///a/..b", false },
    { "three", "file:///a/.../b", false },
    { "three encoded", "file:///a/%2e%2e%2e/b", false },
    { "behind a name", "file:///a../b", false },
    { "one behind a name", "file:///a./b", false },
    { "in a name", "file:///a..b", false },
    { "a file's ending", "file:///a.txt", false },
    { "a dot and a half", "file:///a/.%2", false },
    { "half a dot", "file:///a/%2", false },
    { "a percent sign", "file:///a/%", false },
    { "encoded twice", "file:///a/%252e%252e/b", false },
    { "another byte", "file:///a/%2d%2d/b", false },
    { "an address", "http://127.0.0.1/", false },
    { "a name of the scheme's own", "urn:x:.y", false },
};

static void test_dots(void)
{
    for (size_t i = 0; i < sizeof(dots) / sizeof(dots[0]); i++) {
        mcp_view_t copy = bytes_copy(mcp_view_of(dots[i].uri));

        ok(mcp_uri_has_dot_segment(copy) == dots[i].has, "I-31 dots in a URI, %s: '%s'", dots[i].name, dots[i].uri);
        bytes_free(copy);
    }
    ok(!mcp_uri_has_dot_segment((mcp_view_t){ NULL, 0 }), "no URI has none");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_good(pool);
    test_bad(pool);
    test_insert(pool);
    test_plain_paths();
    test_same_paths();
    test_dots();
    apr_terminate();
    return done_testing();
}
