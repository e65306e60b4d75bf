#include "issuer.h"

struct mcp_issuer_t {
    mcp_gather_source_t source;
    mcp_gather_memory_t memory;
    bool fetching;         /* a round is under way */
    bool loaded;           /* there was a round that counted, */
    apr_time_t loaded_at;  /* then, */
    bool complete;         /* and every URL took part in it */
    int failures;          /* rounds since then */
    apr_time_t retry_at;   /* not before, when there are failures */
    bool doubted;          /* there was a round out of doubt, */
    apr_time_t doubted_at; /* then */
    bool told;             /* that doubt is throttled, since then */
};

mcp_issuer_t *mcp_issuer_create(const mcp_gather_source_t *source, apr_pool_t *pool)
{
    mcp_issuer_t *issuer = apr_pcalloc(pool, sizeof(*issuer));

    issuer->source = *source;
    return issuer;
}

bool mcp_issuer_fetches(const mcp_issuer_t *issuer)
{
    return !issuer->source.static_keys || (issuer->source.key_urls && issuer->source.key_urls->nelts > 0);
}

bool mcp_issuer_is_usable(const mcp_issuer_t *issuer, apr_time_t now)
{
    return issuer->loaded && now - issuer->loaded_at < apr_time_from_sec(MCP_LIMIT_KEYS_AGE);
}

bool mcp_issuer_is_whole(const mcp_issuer_t *issuer, apr_time_t now)
{
    return !mcp_issuer_fetches(issuer) || (mcp_issuer_is_usable(issuer, now) && issuer->complete);
}

static bool is_due(const mcp_issuer_t *issuer, apr_time_t now)
{
    return !mcp_issuer_is_whole(issuer, now) || now - issuer->loaded_at >= MCP_ISSUER_REFRESH;
}

static bool is_throttled(const mcp_issuer_t *issuer, apr_time_t now)
{
    return issuer->doubted && now - issuer->doubted_at < MCP_ISSUER_THROTTLE;
}

/* Whether doubt is reason enough for a round; it then is the last one for a while. */
static bool grant_doubt(mcp_issuer_t *issuer, apr_time_t now, const mcp_log_t *log)
{
    if (is_throttled(issuer, now)) {
        if (!issuer->told) {
            mcp_log(log, MCP_LOG_WARN, "MCP0101",
                    "issuer \"%s\": more tokens with an unknown key or a bad signature; its keys were fetched for that "
                    "%d s ago "
                    "and will not be again before %d s have passed",
                    issuer->source.issuer, (int)apr_time_sec(now - issuer->doubted_at),
                    (int)apr_time_sec(MCP_ISSUER_THROTTLE));
        }
        issuer->told = true;
        return false;
    }
    mcp_log(log, MCP_LOG_INFO, "MCP0102", "issuer \"%s\": unknown key or bad signature, its keys are fetched again",
            issuer->source.issuer);
    issuer->doubted = true;
    issuer->doubted_at = now;
    issuer->told = false;
    return true;
}

mcp_issuer_advice_t mcp_issuer_ask(mcp_issuer_t *issuer, mcp_issuer_need_t need, apr_time_t now, const mcp_log_t *log)
{
    bool usable = mcp_issuer_is_usable(issuer, now) || issuer->source.static_keys;
    mcp_issuer_advice_t advice = usable ? MCP_ISSUER_USE : MCP_ISSUER_DOWN;

    if (!mcp_issuer_fetches(issuer)) {
        return MCP_ISSUER_USE;
    }
    if (issuer->fetching) {
        return usable && need == MCP_ISSUER_ROUTINE ? MCP_ISSUER_USE : MCP_ISSUER_WAIT;
    }
    if (issuer->failures > 0 && now < issuer->retry_at) {
        return advice;
    }
    if (!is_due(issuer, now) && (need != MCP_ISSUER_DOUBT || !grant_doubt(issuer, now, log))) {
        return advice;
    }
    issuer->fetching = true;
    return MCP_ISSUER_FETCH;
}

mcp_gather_t *mcp_issuer_begin(const mcp_issuer_t *issuer, apr_pool_t *pool)
{
    return mcp_gather_begin(&issuer->source, &issuer->memory, pool);
}

/* Count a round that brought less than it should; the pause doubles from one second on. */
static int fail(mcp_issuer_t *issuer, apr_time_t now)
{
    int pause = issuer->failures < 6 ? 1 << issuer->failures : MCP_LIMIT_BACKOFF;

    pause = pause < MCP_LIMIT_BACKOFF ? pause : MCP_LIMIT_BACKOFF;
    if (issuer->failures < 1000000) {
        issuer->failures++;
    }
    issuer->retry_at = now + apr_time_from_sec(pause);
    return pause;
}

/* Say once what was got, and what that means for tokens. */
static void report_failure(const mcp_issuer_t *issuer, const mcp_gather_result_t *result, int pause, apr_time_t now,
                           const mcp_log_t *log)
{
    const char *problems = *result->problems ? result->problems : "no answer in time";

    if (mcp_issuer_is_usable(issuer, now)) {
        mcp_log(
            log, MCP_LOG_WARN, "MCP0103",
            "issuer \"%s\": expected all of its keys, got less; those of %d s ago serve, next attempt after %d s; %s",
            issuer->source.issuer, (int)apr_time_sec(now - issuer->loaded_at), pause, problems);
    } else {
        mcp_log(
            log, MCP_LOG_ERROR, "MCP0104",
            "issuer \"%s\": expected its keys, got none, so its tokens cannot be checked; next attempt after %d s; %s",
            issuer->source.issuer, pause, problems);
    }
}

static void adopt(mcp_issuer_t *issuer, const mcp_gather_result_t *result, apr_time_t now)
{
    issuer->memory = result->memory;
    issuer->loaded = true;
    issuer->loaded_at = now;
    issuer->complete = result->complete;
}

bool mcp_issuer_end(mcp_issuer_t *issuer, const mcp_gather_t *gather, apr_time_t now, const mcp_log_t *log)
{
    const mcp_gather_result_t *result = mcp_gather_result(gather);
    unsigned reach;
    bool whole = result->keys && result->complete && !mcp_gather_next(&reach, gather);
    bool counts = whole || (result->keys && !mcp_issuer_is_usable(issuer, now));
    bool news = !issuer->loaded || issuer->failures > 0;

    issuer->fetching = false;
    if (counts) {
        adopt(issuer, result, now);
        issuer->complete = whole;
    }
    if (!whole) {
        report_failure(issuer, result, fail(issuer, now), now, log);
        return counts;
    }
    issuer->failures = 0;
    mcp_log(log, news ? MCP_LOG_INFO : MCP_LOG_DEBUG, "MCP0105", "issuer \"%s\": %d keys", issuer->source.issuer,
            result->keys->count);
    return true;
}
