#include "aplog.h"

#include <http_log.h>

APLOG_USE_MODULE(auth_mcp);

static void write_request(void *baton, mcp_log_level_t level, const char *line)
{
    static const int levels[] = { APLOG_ERR, APLOG_WARNING, APLOG_INFO, APLOG_DEBUG };

    ap_log_rerror(APLOG_MARK, levels[level], 0, (request_rec *)baton, "%s", line);
}

mcp_log_t mcp_aplog_request(request_rec *r)
{
    return (mcp_log_t){ write_request, r };
}
