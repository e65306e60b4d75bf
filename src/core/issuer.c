#include "issuer.h"

static apr_interval_time_t seconds(int count)
{
    return apr_time_from_sec(count);
}

bool mcp_issuer_fetches(const mcp_issuer_plan_t *plan)
{
    const mcp_gather_source_t *source = &plan->source;

    return source->discovers || (source->key_urls && source->key_urls->nelts > 0);
}

/* When the newest of the keys at hand were fetched, or the oldest; 0 when there are none. */
static apr_time_t fetched_at(const mcp_issuer_t *issuer, bool newest)
{
    apr_time_t found = 0;
    bool any = false;

    for (int i = 0; i < MCP_LIMIT_KEY_URLS; i++) {
        if ((issuer->have >> i & 1) && (!any || (issuer->loaded_at[i] > found) == newest)) {
            found = issuer->loaded_at[i];
            any = true;
        }
    }
    return found;
}

/* The URLs whose keys are at hand and not too old. */
static unsigned usable_urls(const mcp_issuer_t *issuer, apr_time_t now)
{
    unsigned urls = 0;

    for (int i = 0; i < MCP_LIMIT_KEY_URLS; i++) {
        urls |= now - issuer->loaded_at[i] < seconds(MCP_LIMIT_KEYS_AGE) ? 1U << i : 0;
    }
    return urls & issuer->have;
}

bool mcp_issuer_is_usable(const mcp_issuer_t *issuer, apr_time_t now)
{
    return usable_urls(issuer, now) != 0;
}

bool mcp_issuer_is_whole(const mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, apr_time_t now)
{
    return !mcp_issuer_fetches(plan) || (mcp_issuer_is_usable(issuer, now) && issuer->complete);
}

static bool is_throttled(const mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, apr_time_t now)
{
    return issuer->doubted && now - issuer->doubted_at < plan->throttle;
}

/* Whether doubt is reason enough for a round; it then is the last one for a while. */
static bool grant_doubt(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, apr_time_t now, const mcp_log_t *log)
{
    if (is_throttled(issuer, plan, now)) {
        if (!issuer->told) {
            mcp_log(log, MCP_LOG_WARN, "MCP0101",
                    "issuer \"%s\": more tokens with an unknown key or a bad signature; its keys were fetched for that "
                    "%d s ago and will not be again before %d s have passed",
                    plan->source.issuer, (int)apr_time_sec(now - issuer->doubted_at),
                    (int)apr_time_sec(plan->throttle));
        }
        issuer->told = true;
        return false;
    }
    mcp_log(log, MCP_LOG_INFO, "MCP0102", "issuer \"%s\": unknown key or bad signature, its keys are fetched again",
            plan->source.issuer);
    issuer->doubted = true;
    issuer->doubted_at = now;
    issuer->told = false;
    return true;
}

/* When the keys are to be fetched anew, but for doubt. */
static apr_time_t due_at(const mcp_issuer_t *issuer)
{
    return issuer->failures > 0 && issuer->retry_at > issuer->next_at ? issuer->retry_at : issuer->next_at;
}

static bool is_in_pause(const mcp_issuer_t *issuer, apr_time_t now)
{
    return issuer->failures > 0 && now < issuer->retry_at;
}

/* Whether a round may be made now. In a pause after a failure nobody gets one. */
static bool grant(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, mcp_issuer_need_t need, apr_time_t now,
                  const mcp_log_t *log)
{
    bool due = now >= due_at(issuer);

    if (is_in_pause(issuer, now)) {
        return false;
    }
    switch (need) {
    case MCP_ISSUER_ROUTINE:
        return due;
    case MCP_ISSUER_DEMAND:
        return !mcp_issuer_is_usable(issuer, now) || now - due_at(issuer) >= seconds(MCP_LIMIT_OVERDUE);
    case MCP_ISSUER_DOUBT:
        return due || grant_doubt(issuer, plan, now, log);
    }
    return false;
}

mcp_issuer_advice_t mcp_issuer_ask(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, mcp_issuer_need_t need,
                                   apr_time_t now, const mcp_log_t *log)
{
    bool usable = mcp_issuer_is_usable(issuer, now) || plan->has_static;

    if (!mcp_issuer_fetches(plan)) {
        return MCP_ISSUER_USE;
    }
    if (issuer->fetching && now < issuer->lost_at) {
        return usable && need != MCP_ISSUER_DOUBT ? MCP_ISSUER_USE : MCP_ISSUER_WAIT;
    }
    if (!grant(issuer, plan, need, now, log)) {
        return usable ? MCP_ISSUER_USE : MCP_ISSUER_DOWN;
    }
    issuer->fetching = true;
    issuer->lost_at = now + plan->lease;
    issuer->round++;
    return MCP_ISSUER_FETCH;
}

mcp_issuer_round_t mcp_issuer_begin(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, apr_time_t now,
                                    apr_pool_t *pool)
{
    apr_interval_time_t age = issuer->vouched ? now - issuer->vouched_at : seconds(MCP_LIMIT_KEYS_AGE);
    bool reread = age >= seconds(MCP_LIMIT_METADATA_AGE);

    if (age >= seconds(MCP_LIMIT_KEYS_AGE)) {
        issuer->memory.jwks_uri[0] = '\0';
    }
    return (mcp_issuer_round_t){ .gather = mcp_gather_begin(&plan->source, &issuer->memory, reread, pool),
                                 .number = issuer->round,
                                 .keep = usable_urls(issuer, now) };
}

mcp_keysets_t mcp_issuer_keys(const mcp_issuer_round_t *round, const char *known, apr_pool_t *pool)
{
    mcp_keysets_t sets;

    mcp_keysets_read(&sets, mcp_view_of(known ? known : ""), pool);
    mcp_keysets_renew(&sets, &mcp_gather_result(round->gather)->sets, round->keep);
    return sets;
}

/* Up to a tenth less, so that many servers that were started at once do not go on calling at once. */
static apr_interval_time_t spread(apr_interval_time_t interval, apr_uint16_t chance)
{
    return interval - interval / 10 * chance / 65536;
}

/* Count a round that brought less than it should; the pause doubles from one second on. */
static void fail(mcp_issuer_t *issuer, apr_interval_time_t asked, mcp_issuer_moment_t moment)
{
    int backoff = issuer->failures < 6 ? 1 << issuer->failures : MCP_LIMIT_BACKOFF;
    apr_interval_time_t pause = spread(seconds(backoff), moment.chance);

    if (asked > pause) {
        pause = asked < seconds(MCP_LIMIT_RETRY_AFTER) ? asked : seconds(MCP_LIMIT_RETRY_AFTER);
    }
    if (issuer->failures < 1000000) {
        issuer->failures++;
    }
    issuer->retry_at = moment.now + pause;
    if (!issuer->complete) {
        issuer->next_at = moment.now;
    }
}

/* Say once what was got, and what that means for tokens. */
static void report_failure(const mcp_issuer_t *issuer, const char *name, const char *problems, apr_time_t now,
                           const mcp_log_t *log)
{
    int pause = (int)apr_time_sec(issuer->retry_at - now + seconds(1) - 1);

    problems = *problems ? problems : "no answer in time";
    if (mcp_issuer_is_usable(issuer, now)) {
        mcp_log(
            log, MCP_LOG_WARN, "MCP0103",
            "issuer \"%s\": expected all of its keys, got less; those of %d s ago serve, next attempt after %d s; %s",
            name, (int)apr_time_sec(now - fetched_at(issuer, false)), pause, problems);
    } else {
        mcp_log(
            log, MCP_LOG_ERROR, "MCP0104",
            "issuer \"%s\": expected its keys, got none, so its tokens cannot be checked; next attempt after %d s; %s",
            name, pause, problems);
    }
}

static void set_urls(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, unsigned have)
{
    int count = plan->source.key_urls && plan->source.key_urls->nelts > 0 ? plan->source.key_urls->nelts : 1;
    unsigned all = (1U << count) - 1;

    issuer->have = have;
    issuer->complete = (have & all) == all;
}

/* Note that these URLs have given keys. */
static void date(mcp_issuer_t *issuer, unsigned urls, apr_time_t now)
{
    for (int i = 0; i < MCP_LIMIT_KEY_URLS; i++) {
        if (urls >> i & 1) {
            issuer->loaded_at[i] = now;
        }
    }
}

/* How long the keys of a whole round serve before they are fetched anew: Cache-Control may ask for less than the
 * admin does, within reason, and never for more (RFC 9111 4.2.1). */
static apr_interval_time_t refresh_after(const mcp_issuer_plan_t *plan, apr_interval_time_t max_age)
{
    apr_interval_time_t least = seconds(MCP_LIMIT_REFRESH_MIN), asked = max_age > least ? max_age : least;

    return max_age > 0 && asked < plan->refresh ? asked : plan->refresh;
}

static void report_success(const char *name, const mcp_gather_result_t *result, bool news, const mcp_log_t *log)
{
    mcp_log(log, news ? MCP_LOG_INFO : MCP_LOG_DEBUG, "MCP0105", "issuer \"%s\": %d keys", name,
            mcp_keysets_count(&result->sets));
    if (*result->problems) {
        mcp_log(log, MCP_LOG_WARN, "MCP0106",
                "issuer \"%s\": its keys came from where they were before, but expected its metadata, got none; %s",
                name, result->problems);
    }
}

bool mcp_issuer_end(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, const mcp_issuer_round_t *round,
                    mcp_issuer_moment_t moment, const mcp_log_t *log)
{
    const mcp_gather_result_t *result = mcp_gather_result(round->gather);
    unsigned reach, given = mcp_keysets_numbers(&result->sets), have = given | round->keep;
    bool whole = given && result->complete && !mcp_gather_next(&reach, round->gather);
    bool counts = given || (have && have != issuer->have); /* some may have become too old */
    bool news = !issuer->have || issuer->failures > 0;

    if (!issuer->fetching || round->number != issuer->round) { /* it was given up, and another may be under way */
        return false;
    }
    issuer->fetching = false;
    if (result->vouched) {
        issuer->vouched = true;
        issuer->vouched_at = moment.now;
    }
    if (counts) {
        issuer->memory = result->memory;
        set_urls(issuer, plan, have);
        date(issuer, given, moment.now);
    }
    if (!whole) {
        fail(issuer, result->retry_after, moment);
        report_failure(issuer, plan->source.issuer, result->problems, moment.now, log);
        return counts;
    }
    issuer->failures = 0;
    issuer->next_at = moment.now + spread(refresh_after(plan, result->max_age), moment.chance);
    report_success(plan->source.issuer, result, news, log);
    return true;
}

void mcp_issuer_restore(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, unsigned have, apr_time_t loaded_at)
{
    set_urls(issuer, plan, have);
    date(issuer, have, loaded_at);
    issuer->next_at = loaded_at;
}

void mcp_issuer_succeed(mcp_issuer_t *issuer, const mcp_issuer_t *old, apr_time_t now)
{
    *issuer = *old;
    if (issuer->fetching) {
        issuer->fetching = false;
        issuer->next_at = now;
    }
}

mcp_issuer_times_t mcp_issuer_times(const mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan)
{
    mcp_issuer_times_t times = { .oldest = fetched_at(issuer, false) };

    if (issuer->have) {
        times.usable_until = fetched_at(issuer, true) + seconds(MCP_LIMIT_KEYS_AGE);
    }
    times.due_at =
        issuer->fetching && issuer->have ? issuer->lost_at : due_at(issuer); /* the first one is waited for */
    if (!issuer->fetching && issuer->told) {
        times.doubt_from = issuer->doubted_at + plan->throttle;
    }
    if (!issuer->fetching && issuer->failures > 0 && issuer->retry_at > times.doubt_from) {
        times.doubt_from = issuer->retry_at;
    }
    return times;
}
