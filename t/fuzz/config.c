/* Values of the configuration: URIs, durations, the words of a rule. What is taken can be written and read again. */
#include "../../src/core/policy.h"
#include "../../src/core/prm.h"
#include "../../src/core/units.h"
#include "../../src/core/uri.h"
#include "fuzz.h"

unsigned long fuzz_reached;

static void check_uri(const char *text, apr_pool_t *pool)
{
    mcp_uri_t uri, again;
    const char *origin, *address;

    if (mcp_uri_parse(&uri, text, pool) == NULL) {
        fuzz_reached++;
        origin = mcp_uri_origin(&uri, pool);
        address = mcp_prm_address(text, pool);
        fuzz_must(uri.port > 0 && uri.port <= 65535, "a port is one");
        fuzz_must(mcp_uri_parse(&again, origin, pool) == NULL, "an origin is a URI");
        fuzz_must(strcmp(mcp_uri_origin(&again, pool), origin) == 0, "the origin of an origin is itself");
        fuzz_must(mcp_uri_is_loopback(&again) == mcp_uri_is_loopback(&uri), "and on the same machine");
        fuzz_must(mcp_uri_parse(&again, address, pool) == NULL, "the address of the metadata is a URI");
        fuzz_must(strcmp(mcp_uri_origin(&again, pool), origin) == 0, "of the same origin");
        fuzz_must(*mcp_prm_variant(text, "/mcp/", pool), "a variant is something");
    }
}

static void check_rule(const char *text, apr_pool_t *pool)
{
    for (int kind = MCP_RULE_SCOPE; kind <= MCP_RULE_CLAIM; kind++) {
        mcp_needs_t needs = { NULL, NULL };
        mcp_rule_t rule = { 0 };

        if (mcp_policy_parse(&rule, (mcp_rule_kind_t)kind, text, pool) == NULL) {
            fuzz_must(kind == MCP_RULE_CLAIM ? rule.values->nelts > 0 : rule.words->nelts > 0,
                      "a rule asks for something");
            mcp_policy_need(&needs, &rule, pool);
            fuzz_must(!strpbrk(mcp_policy_scope(&needs, MCP_MISSING_ROLE, NULL, "p/", pool), "\"\\\r\n\t"),
                      "a scope needs no escapes");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    char *text = fuzz_string(data, size);
    apr_interval_time_t duration = -1;

    check_uri(text, pool);
    check_rule(text, pool);
    if (mcp_units_duration(&duration, text)) {
        fuzz_reached++;
        fuzz_must(duration >= 0, "no duration is negative");
    }
    free(text);
    apr_pool_destroy(pool);
    return 0;
}
