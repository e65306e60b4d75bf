#include "gather.h"

#include "discovery.h"
#include "uri.h"

typedef enum {
    CONFIGURED, /* the key URLs of the configuration, one after the other */
    REMEMBERED, /* the jwks_uri of an earlier round */
    METADATA,   /* the metadata addresses, until one is good */
    DISCOVERED, /* the jwks_uri it named */
    OVER
} step_t;

struct mcp_gather_t {
    const mcp_gather_source_t *source;
    mcp_gather_result_t result;
    bool reread;
    bool tried_memory;   /* the remembered jwks_uri was asked in this round */
    bool tried_metadata; /* every metadata address was */
    step_t step;
    int index;       /* of the key URL or the form of the metadata address */
    const char *url; /* to fetch now */
    unsigned reach;
    apr_pool_t *pool;
};

static bool has_urls(const mcp_gather_source_t *source)
{
    return source->key_urls && source->key_urls->nelts > 0;
}

/* Go to a step. A step that has no URL is the end of the round. */
static void go_to(mcp_gather_t *gather, step_t step, int index, const char *url, unsigned reach)
{
    gather->step = url ? step : OVER;
    gather->index = index;
    gather->url = url;
    gather->reach = reach;
}

static void end(mcp_gather_t *gather)
{
    go_to(gather, OVER, 0, NULL, 0);
}

static void go_to_memory(mcp_gather_t *gather)
{
    mcp_gather_memory_t *memory = &gather->result.memory;

    if (gather->tried_memory || has_urls(gather->source) || !*memory->jwks_uri) {
        end(gather);
        return;
    }
    gather->tried_memory = true;
    go_to(gather, REMEMBERED, 0, memory->jwks_uri, memory->reach);
}

static void go_to_metadata(mcp_gather_t *gather, int form)
{
    const char *url = mcp_discovery_address(gather->source->issuer, form, gather->pool);

    if (!url || gather->tried_metadata) {
        gather->tried_metadata = true;
        go_to_memory(gather);
        return;
    }
    go_to(gather, METADATA, form, url, MCP_REACH_ALL);
}

static void go_to_configured(mcp_gather_t *gather, int index)
{
    const apr_array_header_t *urls = gather->source->key_urls;

    if (index < urls->nelts) {
        go_to(gather, CONFIGURED, index, APR_ARRAY_IDX(urls, index, const char *), MCP_REACH_ALL);
    } else if (gather->source->mirrors && gather->reread) {
        go_to_metadata(gather, 0);
    } else {
        end(gather);
    }
}

mcp_gather_t *mcp_gather_begin(const mcp_gather_source_t *source, const mcp_gather_memory_t *memory, bool reread,
                               apr_pool_t *pool)
{
    mcp_gather_t *gather = apr_pcalloc(pool, sizeof(*gather));

    gather->source = source;
    gather->pool = pool;
    gather->reread = reread;
    gather->result = (mcp_gather_result_t){ .complete = true, .problems = "", .memory = *memory };
    if (has_urls(source)) {
        go_to_configured(gather, 0);
    } else if (!source->discovers) {
        end(gather);
    } else if (*memory->jwks_uri && !reread) {
        go_to_memory(gather);
    } else {
        go_to_metadata(gather, 0);
    }
    return gather;
}

const char *mcp_gather_next(unsigned *reach, const mcp_gather_t *gather)
{
    *reach = gather->reach;
    return gather->url;
}

static void note(mcp_gather_t *gather, const char *problem)
{
    gather->result.problems = apr_pstrcat(gather->pool, gather->result.problems, *gather->result.problems ? "; " : "",
                                          gather->url, ": ", problem, NULL);
}

/* Whether these bytes were taken in by an earlier round; they are remembered for the next. */
static bool was_seen(mcp_gather_t *gather, int index, mcp_view_t body)
{
    char tag[MCP_DIGEST_TAG];
    char *seen = gather->result.memory.seen[index];
    bool same;

    mcp_digest_tag(tag, body);
    same = memcmp(seen, tag, sizeof(tag)) == 0;
    memcpy(seen, tag, sizeof(tag));
    return same;
}

/* Take a key set. False, with a note, when it has no usable keys. */
static bool take_keys(mcp_gather_t *gather, const mcp_answer_t *answer, const mcp_log_t *log)
{
    int index = gather->step == CONFIGURED ? gather->index : 0;
    const char *wrong = mcp_answer_refuse(answer, gather->pool);
    mcp_jwks_t *keys = mcp_jwk_set(gather->pool);

    if (!wrong && !mcp_jwk_add_set(keys, answer->body, was_seen(gather, index, answer->body) ? NULL : log)) {
        wrong = "no key set with usable keys";
    }
    if (wrong) {
        note(gather, wrong);
        return false;
    }
    mcp_keysets_put(&gather->result.sets, index, keys);
    if (answer->max_age > 0 && (gather->result.max_age == 0 || answer->max_age < gather->result.max_age)) {
        gather->result.max_age = answer->max_age;
    }
    return true;
}

/* The parts of the network that metadata may send us to. It must not make this server call on services that only
 * this server can reach, unless the admin has put the authorization server among them, or the metadata's own host
 * is meant. */
static unsigned reach_of(const mcp_gather_t *gather, const char *jwks_uri, unsigned metadata_reach)
{
    mcp_uri_t own, named;

    if (mcp_uri_parse(&own, gather->source->issuer, gather->pool) || mcp_uri_parse(&named, jwks_uri, gather->pool)) {
        return 0;
    }
    return strcmp(own.host, named.host) == 0 ? MCP_REACH_ALL : MCP_REACH_PUBLIC | metadata_reach;
}

/* The jwks_uri of a metadata answer, NULL with a note when there is none. What the document takes to read does not
 * stay. */
static const char *read_metadata(mcp_gather_t *gather, const mcp_answer_t *answer)
{
    mcp_discovery_t found = { NULL };
    const char *wrong, *jwks_uri = NULL;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, gather->pool);
    if ((wrong = mcp_answer_refuse(answer, scratch)) == NULL) {
        wrong = mcp_discovery_read(&found, gather->source->issuer, answer->body, scratch);
    }
    if (wrong) {
        note(gather, wrong);
    } else {
        jwks_uri = apr_pstrdup(gather->pool, found.jwks_uri);
    }
    apr_pool_destroy(scratch);
    return jwks_uri;
}

static void take_metadata(mcp_gather_t *gather, const mcp_answer_t *answer, const mcp_log_t *log)
{
    const char *jwks_uri = read_metadata(gather, answer);

    if (!jwks_uri) {
        go_to_metadata(gather, gather->index + 1);
        return;
    }
    mcp_log(log, MCP_LOG_DEBUG, "MCP0100", "issuer \"%s\": metadata found at %s", gather->source->issuer, gather->url);
    gather->tried_metadata = true;
    gather->result.vouched = true;
    if (gather->source->mirrors && answer->body.len <= MCP_LIMIT_MIRROR) {
        gather->result.metadata = mcp_view_dup(answer->body, gather->pool);
    }
    /* The keys are had already, or the jwks_uri is the one that has just failed. */
    if (has_urls(gather->source) || (gather->tried_memory && strcmp(jwks_uri, gather->result.memory.jwks_uri) == 0)) {
        end(gather);
    } else {
        go_to(gather, DISCOVERED, 0, jwks_uri, reach_of(gather, jwks_uri, answer->reach));
    }
}

static void remember(mcp_gather_t *gather)
{
    mcp_gather_memory_t *memory = &gather->result.memory;

    apr_cpystrn(memory->jwks_uri, gather->url, sizeof(memory->jwks_uri));
    memory->reach = gather->reach;
}

/* RFC 9110 10.2.3: whoever is asked to come later comes later. */
static void note_pause(mcp_gather_t *gather, const mcp_answer_t *answer)
{
    if (answer->retry_after > gather->result.retry_after) {
        gather->result.retry_after = answer->retry_after;
    }
}

void mcp_gather_deliver(mcp_gather_t *gather, const mcp_answer_t *answer, const mcp_log_t *log)
{
    note_pause(gather, answer);
    switch (gather->step) {
    case CONFIGURED:
        gather->result.complete = take_keys(gather, answer, log) && gather->result.complete;
        go_to_configured(gather, gather->index + 1);
        break;
    case REMEMBERED:
        if (take_keys(gather, answer, log)) {
            end(gather);
        } else {
            go_to_metadata(gather, 0);
        }
        break;
    case METADATA:
        take_metadata(gather, answer, log);
        break;
    case DISCOVERED:
        if (take_keys(gather, answer, log)) {
            remember(gather);
        }
        end(gather);
        break;
    case OVER:
        break;
    }
}

const mcp_gather_result_t *mcp_gather_result(const mcp_gather_t *gather)
{
    return &gather->result;
}
