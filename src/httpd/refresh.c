#include "refresh.h"

#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_watchdog.h>
#include <unixd.h>
#include <util_mutex.h>

#include "aplog.h"
#include "cache.h"
#include "plots.h"

APLOG_USE_MODULE(auth_mcp);

#define MUTEX_TYPE "mcp-keys"
#define WATCHDOG_NAME "_mcp_keys_%d_"

/* Threads of the background at most: an issuer that hangs holds up those it shares a thread with. */
#define WATCHDOGS 8
#define TICK apr_time_from_sec(1)

/* Written by post_config and child_init, before there are threads. */
static apr_array_header_t *plots; /* of mcp_plot_t */
static apr_global_mutex_t *mutex;
static mcp_store_tally_t *tally;
static apr_thread_mutex_t *ticking[WATCHDOGS]; /* each held by a thread of the background while it works */

/* Set when this process ends: the background's thread is mod_watchdog's, and outlives the pool of the process. */
static atomic_bool stopping;

int mcp_refresh_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    return ap_mutex_register(pconf, MUTEX_TYPE, NULL, APR_LOCK_DEFAULT, 0) == APR_SUCCESS ? OK
                                                                                          : HTTP_INTERNAL_SERVER_ERROR;
}

/* Whether the processes that serve requests can write a directory. */
static bool is_writable_for_children(const apr_finfo_t *info)
{
    if (geteuid() != 0) {
        return access(info->fname, W_OK | X_OK) == 0;
    }
    return (info->user == ap_unixd_config.user_id && (info->protection & APR_FPROT_UWRITE)) ||
           (info->group == ap_unixd_config.group_id && (info->protection & APR_FPROT_GWRITE));
}

static bool check_state_dirs(server_rec *servers, apr_pool_t *ptemp)
{
    for (server_rec *s = servers; s; s = s->next) {
        const char *path = mcp_server_state_dir(mcp_conf_server(s));
        apr_finfo_t info;

        if (path && *path &&
            (apr_stat(&info, path, APR_FINFO_NORM, ptemp) != APR_SUCCESS || !is_writable_for_children(&info))) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                         "MCP0305: MCPStateDir: '%s' cannot be written by the User of this server; for example chown "
                         "www-data %s",
                         path, path);
            return false;
        }
    }
    return true;
}

/* What a thread of the background does once a second, in the one process that mod_watchdog has chosen: its share of the
 * plots. */
static apr_status_t tick(int state, void *data, apr_pool_t *pool)
{
    int number = *(const int *)data;

    (void)pool;
    apr_thread_mutex_lock(ticking[number]);
    for (int i = number; state != AP_WATCHDOG_STATE_STOPPING && i < plots->nelts && !atomic_load(&stopping);
         i += WATCHDOGS) {
        const mcp_plot_t *plot = &APR_ARRAY_IDX(plots, i, mcp_plot_t);
        mcp_log_t log = mcp_aplog_server(plot->server);

        if (plot->ring) {
            mcp_keyring_refresh(plot->ring, &log);
        }
    }
    apr_thread_mutex_unlock(ticking[number]);
    return APR_SUCCESS;
}

/* Before the keyrings of this process go: have the background leave them. */
static apr_status_t end_background(void *data)
{
    (void)data;
    atomic_store(&stopping, true);
    for (int i = 0; i < WATCHDOGS && ticking[i]; i++) {
        apr_thread_mutex_lock(ticking[i]);
        apr_thread_mutex_unlock(ticking[i]);
    }
    return APR_SUCCESS;
}

/* One thread of the background. */
static bool start_watchdog(int number, apr_pool_t *pconf)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    int *data = apr_pmemdup(pconf, &number, sizeof(number));

    return apr_thread_mutex_create(&ticking[number], APR_THREAD_MUTEX_DEFAULT, pconf) == APR_SUCCESS &&
           get(&watchdog, apr_psprintf(pconf, WATCHDOG_NAME, number), 0, 1, pconf) == APR_SUCCESS &&
           add(watchdog, TICK, data, tick) == APR_SUCCESS;
}

static bool start_watchdogs(server_rec *server, apr_pool_t *pconf)
{
    memset(ticking, 0, sizeof(ticking));
    if (!APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MCP0302: mod_watchdog is not loaded, so keys are fetched by requests that need them, which wait "
                     "for it; for example LoadModule watchdog_module modules/mod_watchdog.so");
        return true;
    }
    for (int i = 0; i < WATCHDOGS && i < plots->nelts; i++) {
        if (!start_watchdog(i, pconf)) {
            return false;
        }
    }
    return true;
}

int mcp_refresh_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *servers)
{
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) { /* the first of two passes */
        return OK;
    }
    tally = NULL;
    plots = mcp_plots_lay_out(servers, pconf);
    if (!check_state_dirs(servers, ptemp)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (plots->nelts == 0) {
        return OK;
    }
    if (ap_global_mutex_create(&mutex, NULL, MUTEX_TYPE, NULL, servers, pconf, 0) != APR_SUCCESS ||
        (tally = mcp_plots_set_up(plots, servers, ptemp)) == NULL || !start_watchdogs(servers, pconf)) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, servers,
                     "MCP0303: expected a mutex, shared memory and a watchdog for the keys of %d issuers, got less",
                     plots->nelts);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

/* What asks about tokens of an issuer, by the settings of a server that has it. */
static mcp_introspector_t *make_introspector(const mcp_issuer_conf_t *issuer, const mcp_server_conf_t *conf,
                                             apr_pool_t *pool)
{
    const mcp_plot_t *plot = &APR_ARRAY_IDX(plots, issuer->plot, mcp_plot_t);
    const mcp_introspector_source_t source = {
        .endpoint = { .issuer = issuer->url, .url = issuer->introspection, .auth = issuer->client_auth },
        .ttl = issuer->introspection_ttl,
        .fetch = plot->source.fetch,
        .store = plot->source.store,
        .lock = mutex,
        .cache = mcp_cache_of(conf),
    };

    return mcp_introspector_create(&source, pool);
}

static void set_up_issuers(server_rec *servers, apr_pool_t *pool)
{
    for (server_rec *s = servers; s; s = s->next) {
        const mcp_server_conf_t *conf = mcp_conf_server(s);

        for (int i = 0; conf->issuers && i < conf->issuers->nelts; i++) {
            mcp_issuer_conf_t *issuer = APR_ARRAY_IDX(conf->issuers, i, mcp_issuer_conf_t *);

            issuer->keyring = APR_ARRAY_IDX(plots, issuer->plot, mcp_plot_t).ring;
            if (issuer->introspection && !issuer->introspector) { /* a global issuer is met once per virtual host */
                issuer->introspector = make_introspector(issuer, conf, pool);
            }
        }
    }
}

void mcp_refresh_child_init(apr_pool_t *pool, server_rec *servers)
{
    if (!plots || plots->nelts == 0) {
        return;
    }
    mcp_fetch_global_init();
    if (apr_global_mutex_child_init(&mutex, apr_global_mutex_lockfile(mutex), pool) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, servers,
                     "MCP0304: this process has no access to the mutex of the keys");
        return; /* without keyrings every token is a 503 */
    }
    for (int i = 0; i < plots->nelts; i++) {
        mcp_plot_t *plot = &APR_ARRAY_IDX(plots, i, mcp_plot_t);

        plot->source.lock = mutex;
        plot->source.fetch.stop = &stopping;
        plot->ring = mcp_keyring_create(&plot->source, pool);
    }
    apr_pool_pre_cleanup_register(pool, NULL, end_background);
    set_up_issuers(servers, pool);
}

void mcp_refresh_count(mcp_reason_t reason)
{
    if (tally) {
        mcp_store_count(&tally->refused[reason]);
    }
}

const mcp_store_tally_t *mcp_refresh_tally(void)
{
    return tally;
}

bool mcp_refresh_look(mcp_refresh_look_t *look, int index)
{
    const mcp_plot_t *plot;

    if (!plots || index >= plots->nelts) {
        return false;
    }
    plot = &APR_ARRAY_IDX(plots, index, mcp_plot_t);
    *look = (mcp_refresh_look_t){ .issuer = plot->source.plan.source.issuer,
                                  .fetches = mcp_issuer_fetches(&plot->source.plan),
                                  .static_keys = plot->source.static_keys ? plot->source.static_keys->count : 0,
                                  .store = plot->source.store };
    return true;
}
