#include "introspector.h"

#include <apr_escape.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "keyring.h"

/* Between two looks at whether another one has got the answer. */
#define NAP APR_TIME_C(5000)

struct mcp_introspector_t {
    mcp_introspector_source_t source;
    mcp_record_secret_t secret;
};

/* One question on its way. */
typedef struct {
    mcp_introspector_t *introspector;
    mcp_view_t token;
    mcp_record_place_t place;
    mcp_inquiry_id_t id;
    mcp_introspector_report_t *report;
    apr_pool_t *pool;
} question_t;

static apr_status_t wipe_secret(void *baton)
{
    OPENSSL_cleanse(baton, sizeof(mcp_record_secret_t));
    return APR_SUCCESS;
}

/* Servers that authenticate as the same client at the same endpoint read each other's records; nobody else does. */
static bool derive(mcp_introspector_t *introspector, apr_pool_t *pool)
{
    const mcp_introspect_endpoint_t *endpoint = &introspector->source.endpoint;
    const mcp_view_t strings[] = { mcp_view_of(endpoint->issuer), mcp_view_of(endpoint->url),
                                   mcp_view_of(endpoint->auth.id) };
    mcp_view_t context;

    return mcp_record_context(&context, strings, sizeof(strings) / sizeof(strings[0]), pool) &&
           mcp_record_derive(&introspector->secret, endpoint->auth.secret, context);
}

mcp_introspector_t *mcp_introspector_create(const mcp_introspector_source_t *source, apr_pool_t *pool)
{
    mcp_introspector_t *introspector = apr_pcalloc(pool, sizeof(*introspector));

    introspector->source = *source;
    apr_pool_cleanup_register(pool, &introspector->secret, wipe_secret, apr_pool_cleanup_null);
    return derive(introspector, pool) ? introspector : NULL;
}

static bool has_cache(const mcp_introspector_t *introspector)
{
    return introspector->source.ttl > 0 && introspector->source.cache.get && introspector->source.cache.put;
}

/* Read what was once an answer. False when it is none any more: that is no news about the token. */
static bool read_record(mcp_introspected_t *said, const mcp_record_t *record, const question_t *question)
{
    const char *problem = NULL;
    const mcp_answer_t answer = { .status = 200, .type = "application/json", .body = record->payload };

    if (mcp_introspect_read(&said->statement, &problem, &answer, question->introspector->source.endpoint.issuer,
                            question->pool) != MCP_OK) {
        return false;
    }
    said->until = mcp_keyring_now() + (record->until - apr_time_now());
    return true;
}

/* Look for an answer that somebody else has got, or that was got before. */
static bool find_record(mcp_introspected_t *said, const question_t *question)
{
    const mcp_introspector_source_t *source = &question->introspector->source;
    const mcp_record_clock_t clock = { apr_time_now(), source->ttl };
    mcp_record_t record;
    mcp_view_t sealed;

    if (!has_cache(question->introspector) ||
        !source->cache.get(source->cache.baton, question->place.id, &sealed, question->pool) ||
        !mcp_record_open(&record, sealed, &question->place, &clock, question->pool)) {
        return false;
    }
    return read_record(said, &record, question);
}

static void keep_record(const mcp_answer_t *answer, apr_time_t until, const question_t *question)
{
    const mcp_introspector_source_t *source = &question->introspector->source;
    const mcp_record_t record = { .until = until, .made = apr_time_now(), .payload = answer->body };
    unsigned char nonce[MCP_RECORD_NONCE];
    mcp_view_t sealed;

    if (has_cache(question->introspector) && record.until > record.made && RAND_bytes(nonce, sizeof(nonce)) == 1 &&
        mcp_record_seal(&sealed, &record, &question->place, nonce, question->pool)) {
        source->cache.put(source->cache.baton, question->place.id, sealed, until, question->pool);
    }
}

static const char *make_jti(apr_pool_t *pool)
{
    unsigned char bytes[16];

    return RAND_bytes(bytes, sizeof(bytes)) == 1 ? apr_pescape_hex(pool, bytes, sizeof(bytes), 0) : NULL;
}

/* Make the exchange. False when there was none at all: an answer that is too large is one. */
static bool exchange(mcp_answer_t *answer, const question_t *question)
{
    const mcp_introspector_source_t *source = &question->introspector->source;
    mcp_introspect_moment_t moment = { apr_time_now(), make_jti(question->pool) };
    mcp_introspect_request_t request;
    mcp_fetch_request_t how = { .url = source->endpoint.url, .reach = MCP_REACH_ALL };
    apr_status_t status;

    *answer = (mcp_answer_t){ .status = 0 };
    if (!moment.jti ||
        mcp_introspect_request(&request, &source->endpoint, question->token, moment, question->pool) != APR_SUCCESS) {
        answer->problem = "the request cannot be made";
        return true; /* the endpoint is not to blame: nobody else suffers for it */
    }
    how.form = request.form;
    how.authorization = request.authorization;
    status = mcp_fetch(answer, &how, &source->fetch, question->pool);
    return status == APR_SUCCESS || status == APR_ENOSPC;
}

static void note_latency(mcp_store_counts_t *counts, apr_interval_time_t took)
{
    unsigned long long slowest = atomic_load(&counts->slowest);

    atomic_fetch_add(&counts->latency, (unsigned long long)took);
    while ((unsigned long long)took > slowest &&
           !atomic_compare_exchange_weak(&counts->slowest, &slowest, (unsigned long long)took)) {
    }
}

static mcp_inquiry_outcome_t outcome_of(mcp_reason_t reason, bool exchanged)
{
    if (!exchanged) {
        return MCP_INQUIRY_NO_ANSWER;
    }
    switch (reason) {
    case MCP_OK:
        return MCP_INQUIRY_ACTIVE;
    case MCP_INACTIVE:
    case MCP_ISSUER:
        return MCP_INQUIRY_NOT_ACTIVE;
    default:
        return MCP_INQUIRY_BAD_ANSWER;
    }
}

static bool lock(const question_t *question)
{
    return apr_global_mutex_lock(question->introspector->source.lock) == APR_SUCCESS;
}

static void unlock(const question_t *question)
{
    apr_global_mutex_unlock(question->introspector->source.lock);
}

/* Tell the operator of trouble with the endpoint, now and then: every token that comes meanwhile meets it as well. */
static void tell(const question_t *question, const char *problem)
{
    mcp_store_t *store = question->introspector->source.store;
    const mcp_introspect_endpoint_t *endpoint = &question->introspector->source.endpoint;
    apr_time_t now = mcp_keyring_now();
    long long told = atomic_load(&store->told_at);

    question->report->detail = apr_psprintf(question->pool, "%s: %s", endpoint->url, problem);
    if ((told == 0 || now - told >= apr_time_from_sec(MCP_LIMIT_TELL)) &&
        atomic_compare_exchange_strong(&store->told_at, &told, now)) {
        mcp_log(question->report->log, MCP_LOG_ERROR, "MCP0120",
                "issuer \"%s\": expected an answer about a token, got from %s: %s", endpoint->issuer, endpoint->url,
                problem);
    }
}

/* This question is ours to ask. */
static mcp_reason_t ask(mcp_introspected_t *said, const question_t *question)
{
    const mcp_introspector_source_t *source = &question->introspector->source;
    mcp_store_counts_t *counts = &source->store->counts;
    apr_time_t began = mcp_keyring_now(), now, until;
    const char *problem = NULL;
    mcp_answer_t answer;
    bool exchanged = exchange(&answer, question);
    mcp_reason_t reason =
        mcp_introspect_read(&said->statement, &problem, &answer, source->endpoint.issuer, question->pool);

    mcp_store_count(&counts->asked);
    note_latency(counts, mcp_keyring_now() - began);
    if (problem) {
        tell(question, problem);
    }
    if (reason == MCP_OK) {
        now = apr_time_now();
        until = mcp_introspect_until(said->statement.payload, now, source->ttl);
        said->until = mcp_keyring_now() + (until - now);
        keep_record(&answer, until, question);
    } else {
        mcp_store_count(reason == MCP_INTROSPECTION_UNAVAILABLE ? &counts->unanswered : &counts->inactive);
    }
    if (lock(question)) {
        mcp_inquiry_end(&source->store->inquiry, &question->id, outcome_of(reason, exchanged), mcp_keyring_now());
        unlock(question);
    }
    return reason;
}

static mcp_inquiry_advice_t begin(const question_t *question)
{
    const mcp_introspector_source_t *source = &question->introspector->source;
    mcp_inquiry_advice_t advice;

    if (!lock(question)) { /* without a lock nobody asks */
        return MCP_INQUIRY_DOWN;
    }
    advice = mcp_inquiry_begin(&source->store->inquiry, &question->id, mcp_keyring_now(),
                               source->fetch.timeout + apr_time_from_sec(5));
    unlock(question);
    return advice;
}

/* What an advice comes to, other than asking and waiting. */
static mcp_reason_t refuse(mcp_inquiry_advice_t advice, const question_t *question)
{
    switch (advice) {
    case MCP_INQUIRY_INACTIVE:
        mcp_store_count(&question->introspector->source.store->counts.shared);
        return MCP_INACTIVE;
    case MCP_INQUIRY_BUSY:
        return MCP_BUSY;
    default:
        question->report->detail = apr_psprintf(question->pool, "%s: no answer to others a moment ago",
                                                question->introspector->source.endpoint.url);
        return MCP_INTROSPECTION_UNAVAILABLE;
    }
}

/* When the one who asks the same will be given up; 0 when nobody does. */
static apr_time_t lease_of(const question_t *question)
{
    apr_time_t lease = 0;

    if (lock(question)) {
        lease = mcp_inquiry_lease(&question->introspector->source.store->inquiry, &question->id, mcp_keyring_now());
        unlock(question);
    }
    return lease;
}

/* Wait for the one who asks the same, and for nobody after it. */
static void await_other(const question_t *question)
{
    apr_time_t lease = lease_of(question);
    apr_time_t deadline = mcp_keyring_now() + question->introspector->source.fetch.timeout;

    while (lease != 0 && mcp_keyring_now() < deadline && lease_of(question) == lease) {
        apr_sleep(NAP);
    }
}

/* Make it a question that nobody else has: where an answer cannot be shared, waiting for others is in vain. */
static bool stand_alone(question_t *question)
{
    return RAND_bytes(question->id.bytes, sizeof(question->id.bytes)) == 1;
}

static bool find_shared(mcp_introspected_t *said, const question_t *question)
{
    if (!find_record(said, question)) {
        return false;
    }
    mcp_store_count(&question->introspector->source.store->counts.shared);
    return true;
}

static mcp_reason_t settle(mcp_introspected_t *said, question_t *question)
{
    mcp_inquiry_advice_t advice;

    if (find_shared(said, question)) {
        return MCP_OK;
    }
    if (!has_cache(question->introspector) && !stand_alone(question)) {
        return MCP_INTROSPECTION_UNAVAILABLE;
    }
    if ((advice = begin(question)) == MCP_INQUIRY_WAIT) {
        await_other(question);
        if (find_shared(said, question)) {
            return MCP_OK;
        }
        if ((advice = begin(question)) == MCP_INQUIRY_WAIT) {
            advice = stand_alone(question) ? begin(question) : MCP_INQUIRY_DOWN;
        }
    }
    return advice == MCP_INQUIRY_ASK ? ask(said, question) : refuse(advice, question);
}

mcp_reason_t mcp_introspector_ask(mcp_introspected_t *said, mcp_introspector_t *introspector, mcp_view_t token,
                                  mcp_introspector_report_t *report, apr_pool_t *pool)
{
    question_t question = { .introspector = introspector, .token = token, .report = report, .pool = pool };
    mcp_reason_t reason;

    if (!introspector || !mcp_record_place(&question.place, &introspector->secret, token)) {
        return MCP_INTROSPECTION_UNAVAILABLE;
    }
    memcpy(question.id.bytes, question.place.id, sizeof(question.id.bytes));
    reason = settle(said, &question);
    if (reason == MCP_OK) {
        mcp_introspect_forget(said->statement.payload, token);
    }
    OPENSSL_cleanse(&question.place, sizeof(question.place));
    return reason;
}
