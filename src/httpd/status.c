#include "status.h"

#include <http_core.h>
#include <http_protocol.h>
#include <mod_status.h>

#include "refresh.h"

/* One line of an issuer, for people and for programs. */
typedef struct {
    const char *name; /* for ?auto */
    const char *words;
    const char *value;
} line_t;

static void add(apr_array_header_t *lines, const char *name, const char *words, const char *value)
{
    APR_ARRAY_PUSH(lines, line_t) = (line_t){ name, words, value };
}

static void add_number(apr_array_header_t *lines, const char *name, const char *words, apr_int64_t number)
{
    add(lines, name, words, apr_psprintf(lines->pool, "%" APR_INT64_T_FMT, number));
}

static void add_count(apr_array_header_t *lines, const char *name, const char *words, const atomic_ullong *counter)
{
    add_number(lines, name, words, (apr_int64_t)atomic_load(counter));
}

static apr_int64_t seconds_until(apr_time_t when)
{
    apr_time_t left = when - mcp_keyring_now();

    return left > 0 ? apr_time_sec(left) : 0;
}

/* Age is that of the oldest keys, where URLs have failed; -1 where there are none. */
static void add_keys(apr_array_header_t *lines, const mcp_refresh_look_t *look)
{
    const mcp_store_t *store = look->store;
    apr_time_t at = 0;
    bool loaded = atomic_load(&store->keys.generation) > 0;
    const char *trouble = mcp_store_trouble(store, &at, lines->pool);
    char date[APR_RFC822_DATE_LEN];

    add_number(lines, "Keys", "keys", (loaded ? atomic_load(&store->keys_count) : 0) + look->static_keys);
    if (!look->fetches) {
        return;
    }
    add_number(lines, "KeysAge", "seconds since they were fetched",
               loaded ? apr_time_sec(mcp_keyring_now() - atomic_load(&store->oldest)) : -1);
    add_number(lines, "NextRefresh", "seconds until they are fetched again",
               seconds_until(atomic_load(&store->due_at)));
    add_count(lines, "Fetches", "fetches", &store->counts.fetches);
    add_count(lines, "FetchFailures", "that failed", &store->counts.failures);
    if (*trouble) {
        apr_rfc822_date(date, at);
        add(lines, "LastError", "last error", trouble);
        add(lines, "LastErrorAt", "at", apr_pstrdup(lines->pool, date));
    }
}

static void add_tokens(apr_array_header_t *lines, const mcp_store_counts_t *counts)
{
    unsigned long long asked = atomic_load(&counts->asked);

    add_count(lines, "Verified", "signatures verified", &counts->verified);
    add_count(lines, "Cached", "tokens known already", &counts->cached);
    add_count(lines, "Introspections", "introspections", &counts->asked);
    add_count(lines, "IntrospectionsInactive", "of tokens that were not active", &counts->inactive);
    add_count(lines, "IntrospectionsFailed", "without an answer", &counts->unanswered);
    add_count(lines, "IntrospectionsShared", "answers of others used", &counts->shared);
    add_number(lines, "IntrospectionMeanMs", "milliseconds of an introspection, mean",
               asked ? (apr_int64_t)(atomic_load(&counts->latency) / asked / 1000) : 0);
    add_number(lines, "IntrospectionMaxMs", "and longest", (apr_int64_t)(atomic_load(&counts->slowest) / 1000));
}

static apr_array_header_t *describe(const mcp_refresh_look_t *look, apr_pool_t *pool)
{
    apr_array_header_t *lines = apr_array_make(pool, 20, sizeof(line_t));

    add(lines, "URL", "issuer", look->issuer);
    add_keys(lines, look);
    add_tokens(lines, &look->store->counts);
    return lines;
}

/* Every reason that has occurred. */
static apr_array_header_t *describe_refusals(const mcp_store_tally_t *tally, apr_pool_t *pool)
{
    apr_array_header_t *lines = apr_array_make(pool, 20, sizeof(line_t));

    for (int i = 0; tally && i < MCP_REASON_COUNT; i++) {
        const char *name = mcp_reason_row((mcp_reason_t)i)->name;

        if (atomic_load(&tally->refused[i]) > 0) {
            add_count(lines, name, name, &tally->refused[i]);
        }
    }
    return lines;
}

/* "Prefix-Name: value", each on a line. */
static void print_plain(request_rec *r, const char *prefix, const apr_array_header_t *lines)
{
    for (int i = 0; i < lines->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(lines, i, line_t);

        ap_rprintf(r, "%s%s: %s\n", prefix, line->name, line->value);
    }
}

static void print_table(request_rec *r, const apr_array_header_t *lines)
{
    ap_rputs("<table border=\"0\">\n", r);
    for (int i = 0; i < lines->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(lines, i, line_t);

        ap_rprintf(r, "<tr><td>%s</td><td>%s</td></tr>\n", line->words, ap_escape_html(r->pool, line->value));
    }
    ap_rputs("</table>\n", r);
}

static int report(request_rec *r, int flags)
{
    const apr_array_header_t *refusals = describe_refusals(mcp_refresh_tally(), r->pool);
    bool plain = flags & AP_STATUS_SHORT;
    mcp_refresh_look_t look;

    if (!mcp_refresh_tally()) {
        return DECLINED;
    }
    ap_rputs(plain ? "" : "<hr>\n<h2>mod_auth_mcp</h2>\n", r);
    for (int i = 0; mcp_refresh_look(&look, i); i++) {
        const apr_array_header_t *lines = describe(&look, r->pool);

        if (plain) {
            print_plain(r, apr_psprintf(r->pool, "MCPIssuer%d", i), lines);
        } else {
            print_table(r, lines);
        }
    }
    if (plain) {
        print_plain(r, "MCPRefused-", refusals);
    } else if (refusals->nelts > 0) {
        ap_rputs("<h3>Refused</h3>\n", r);
        print_table(r, refusals);
    }
    return OK;
}

void mcp_status_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, report, NULL, NULL, APR_HOOK_MIDDLE);
}
