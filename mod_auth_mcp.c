/* mod_auth_mcp - an OAuth 2.1 resource server for MCP endpoints.
 *
 * This is the contents page: the module record and the hooks, each with the reason for its place. The rooms:
 *
 *     src/httpd   httpd's words to core's words and back
 *     src/io      the world without httpd: fetching, files, keys of one process
 *     src/core    bytes and time in, verdicts and bytes out
 */
#include <httpd.h>

#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>

#include "src/httpd/authn.h"
#include "src/httpd/authz.h"
#include "src/httpd/body.h"
#include "src/httpd/cache.h"
#include "src/httpd/expr.h"
#include "src/httpd/identity.h"
#include "src/httpd/operations.h"
#include "src/httpd/refresh.h"
#include "src/httpd/status.h"
#include "src/httpd/twin.h"
#include "src/httpd/upstream.h"
#include "src/httpd/verify.h"
#include "src/httpd/wellknown.h"

/* When the server starts, and each of its processes. */
static void register_start(void)
{
    /* In the parent, so that all processes inherit it; undone with the configuration, before the module is unloaded. */
    ap_hook_pre_config(mcp_conf_pre_config, NULL, NULL, APR_HOOK_MIDDLE);

    /* After all sections are read, -t included: what only the whole configuration can show. */
    ap_hook_check_config(mcp_conf_check, NULL, NULL, APR_HOOK_MIDDLE);

    /* Keys: mod_watchdog must know of us before its own post_config, which is the last, and find keyrings when its
     * threads start at MIDDLE. Keyrings have locks and must not be shared over fork. */
    ap_hook_pre_config(mcp_refresh_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(mcp_refresh_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(mcp_refresh_child_init, NULL, NULL, APR_HOOK_FIRST);

    /* What processes share, before those who use it. */
    ap_hook_pre_config(mcp_cache_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(mcp_cache_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(mcp_cache_child_init, NULL, NULL, APR_HOOK_REALLY_FIRST);

    /* Tokens this process has verified. */
    ap_hook_child_init(mcp_verify_child_init, NULL, NULL, APR_HOOK_FIRST);
}

/* Between judgement and answer: what the handler gets, and what the client gets from it. */
static void register_handling(void)
{
    /* Modules that read or write request header fields in fixups; they must find the identity set and the token gone.
     */
    static const char *const header_users[] = { "mod_rewrite.c", "mod_headers.c", "mod_setenvif.c", NULL };

    ap_hook_fixups(mcp_identity_fixups, NULL, header_users, APR_HOOK_REALLY_FIRST);

    /* The last hook before the handler, and the only one after mod_dir has exchanged the configuration of a request. */
    ap_hook_insert_filter(mcp_identity_before_handler, NULL, NULL, APR_HOOK_FIRST);

    /* A body that was read is for the handler, and so is a last look at it under the configuration that counts now. */
    ap_hook_insert_filter(mcp_body_offer, NULL, NULL, APR_HOOK_LAST);
    ap_hook_handler(mcp_operations_before_handler, NULL, NULL, APR_HOOK_REALLY_FIRST);

    /* What another spelling leads to is known before anything maps it. */
    ap_hook_translate_name(mcp_twin_end_lookup, NULL, NULL, APR_HOOK_REALLY_FIRST);

    /* When all that can make a request a proxied one has been asked. */
    ap_hook_handler(mcp_twin_before_handler, NULL, NULL, APR_HOOK_REALLY_FIRST);

    /* Error pages get the same last look as answers of handlers. */
    ap_hook_insert_filter(mcp_upstream_insert, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(mcp_upstream_insert, NULL, NULL, APR_HOOK_LAST);
}

static void register_hooks(apr_pool_t *pool)
{
    register_start();
    register_handling();
    mcp_authz_register(pool);
    mcp_upstream_register();
    mcp_identity_register();
    mcp_body_register();
    mcp_status_register();

    /* First of all, before SetEnvIf or RequestHeader early can copy a forged identity. */
    ap_hook_post_read_request(mcp_identity_scrub, NULL, NULL, APR_HOOK_REALLY_FIRST);

    /* Before mod_cache's, and before anything maps or protects the path: the metadata is public under a protected
     * root. */
    ap_hook_quick_handler(mcp_wellknown_serve, NULL, NULL, APR_HOOK_REALLY_FIRST);

    /* The last place before authentication that knows the configuration of the path: Origin, preflight, OPTIONS. */
    ap_hook_header_parser(mcp_wellknown_before_authn, NULL, NULL, APR_HOOK_FIRST);

    /* Around mod_authz_core's, which is at MIDDLE. */
    ap_hook_check_access_ex(mcp_authz_before_authn, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(mcp_authz_after_authn, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);

    ap_hook_check_authn(mcp_authn_check_user_id, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);

    ap_hook_expr_lookup(mcp_expr_lookup, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(auth_mcp)
__attribute__((visibility("default"))) = {
    STANDARD20_MODULE_STUFF, mcp_conf_create_dir, mcp_conf_merge_dir, mcp_conf_create_server,
    mcp_conf_merge_server,   mcp_conf_directives, register_hooks,     0,
};
