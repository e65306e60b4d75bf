#include "aplog.h"

#include <http_log.h>

APLOG_USE_MODULE(auth_mcp);

static const int levels[] = { APLOG_ERR, APLOG_WARNING, APLOG_INFO, APLOG_DEBUG };

static void write_request(void *baton, mcp_log_level_t level, const char *line)
{
    ap_log_rerror(APLOG_MARK, levels[level], 0, (request_rec *)baton, "%s", line);
}

mcp_log_t mcp_aplog_request(request_rec *r)
{
    return (mcp_log_t){ write_request, r };
}

static void write_server(void *baton, mcp_log_level_t level, const char *line)
{
    ap_log_error(APLOG_MARK, levels[level], 0, (const server_rec *)baton, "%s", line);
}

mcp_log_t mcp_aplog_server(server_rec *server)
{
    return (mcp_log_t){ write_server, server };
}
