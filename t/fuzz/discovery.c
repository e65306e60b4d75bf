/* Metadata documents of an authorization server, the configured issuer being the first line: what counts is of that issuer and
 * names keys somewhere, and nothing else changes what was known. The first line is tried as an issuer's address and as a
 * request path too.
 */
#include "../../src/core/discovery.h"
#include "../../src/core/json.h"
#include "../../src/core/limits.h"
#include "../../src/core/uri.h"
#include "fuzz.h"

#define FORMS 3

unsigned long fuzz_reached;

static void check_addresses(const char *issuer, apr_pool_t *pool)
{
    mcp_uri_t own, uri;
    bool good = !mcp_uri_parse(&own, issuer, pool);

    for (int form = 0; form < FORMS; form++) {
        const char *address = mcp_discovery_address(issuer, form, pool), *path;

        fuzz_must(good || !address, "what is no URI has no metadata");
        if (address) {
            fuzz_must(!mcp_uri_parse(&uri, address, pool), "an address is a URI");
            fuzz_must(strcmp(mcp_uri_origin(&uri, pool), mcp_uri_origin(&own, pool)) == 0,
                      "at the issuer's own server");
            fuzz_must(mcp_discovery_match(&path, uri.path, pool), "and known when it is asked for");
        }
    }
    fuzz_must(!mcp_discovery_address(issuer, FORMS, pool), "there are no more addresses");
}

static void check_path(const char *path, apr_pool_t *pool)
{
    const char *rest = NULL;

    fuzz_must(!mcp_discovery_match(&rest, path, pool) || (*rest && strlen(rest) <= strlen(path)),
              "a resource has a path, a part of what was asked for");
}

static void check_found(const char *jwks_uri, const char *issuer, mcp_view_t document, apr_pool_t *pool)
{
    json_t *object;
    mcp_view_t text;
    mcp_uri_t uri;

    fuzz_reached++;
    fuzz_must(mcp_json_parse_object(&object, document, pool) == MCP_OK, "only an object counts");
    fuzz_must(mcp_json_string(&text, json_object_get(object, "issuer")) && mcp_view_is(text, issuer),
              "of the issuer that was asked");
    fuzz_must(mcp_json_string(&text, json_object_get(object, "jwks_uri")) && mcp_view_is(text, jwks_uri),
              "the keys are where it says");
    fuzz_must(strlen(jwks_uri) <= MCP_LIMIT_URL && !mcp_uri_parse(&uri, jwks_uri, pool), "which is a URI");
}

static void check_document(const char *issuer, mcp_view_t document, apr_pool_t *pool)
{
    static const char before[] = "https://as.example.com/keys";
    mcp_discovery_t found = { before };
    const char *problem = mcp_discovery_read(&found, issuer, document, pool);

    if (!problem) {
        check_found(found.jwks_uri, issuer, document, pool);
        return;
    }
    fuzz_must(found.jwks_uri == before, "what does not count changes nothing");
    for (const char *c = problem; *c; c++) {
        fuzz_must(*c >= 0x20 && *c < 0x7f, "a problem can be logged");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    char *text = fuzz_string(data, size), *document = memchr(text, '\n', size);

    if (document) {
        *document++ = '\0';
        check_document(text, (mcp_view_t){ document, size - (size_t)(document - text) }, pool);
    }
    check_addresses(text, pool);
    check_path(text, pool);
    free(text);
    apr_pool_destroy(pool);
    return 0;
}
