#include "answer.h"

#include "log.h"

static bool ends_with(mcp_view_t text, const char *end)
{
    size_t len = strlen(end);

    return text.len >= len && strncasecmp(text.data + text.len - len, end, len) == 0;
}

/* application/json, application/jwk-set+json and their kin; application/octet-stream and binary/octet-stream. */
static bool may_be_json(const char *type)
{
    mcp_view_t media = { type, strcspn(type, "; \t") };

    return ends_with(media, "/json") || ends_with(media, "+json") || ends_with(media, "/octet-stream");
}

const char *mcp_answer_refuse(const mcp_answer_t *answer, apr_pool_t *pool)
{
    if (answer->status == 0) {
        return answer->problem ? answer->problem : "no answer";
    }
    if (answer->status >= 300 && answer->status < 400) {
        return apr_psprintf(pool, "status %d, and redirects are not followed", answer->status);
    }
    if (answer->status != 200) {
        return apr_psprintf(pool, "status %d", answer->status);
    }
    if (answer->type && !may_be_json(answer->type)) {
        return apr_psprintf(pool, "Content-Type \"%s\"", mcp_log_name(mcp_view_of(answer->type), pool));
    }
    return NULL;
}
