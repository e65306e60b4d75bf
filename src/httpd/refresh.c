#include "refresh.h"

#include <ap_mpm.h>
#include <apr_shm.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_watchdog.h>
#include <unixd.h>
#include <util_mutex.h>

#include "../io/readfile.h"
#include "aplog.h"
#include "cache.h"

APLOG_USE_MODULE(auth_mcp);

#define MUTEX_TYPE "mcp-keys"
#define WATCHDOG_NAME "_mcp_keys_"
#define TICK apr_time_from_sec(1)

/* The segment of the running configuration, found again by the next one in the pool of the process. It must not name
 * anything of this module, which httpd unloads in between. */
#define SEGMENT_KEY "mod_auth_mcp segment 1"

typedef struct {
    apr_pool_t *pool; /* its own, below that of the process */
    apr_size_t store_size;
    int count;
    mcp_store_t *stores;
} segment_t;

/* One issuer whose keys are fetched; virtual hosts that fetch them the same way share it. */
typedef struct {
    const char *identity; /* of where and how its keys are fetched */
    const char *settings; /* that, and everything else two plots may differ in */
    server_rec *server;   /* for the log */
    mcp_keyring_source_t source;
    mcp_keyring_t *ring;
} plot_t;

/* Written by post_config and child_init, before there are threads. */
static apr_array_header_t *plots; /* of plot_t */
static apr_global_mutex_t *mutex;
static apr_thread_mutex_t *ticking; /* held by the background while it works */

/* Set when this process ends: the background's thread is mod_watchdog's, and outlives the pool of the process. */
static atomic_bool stopping;

int mcp_refresh_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    return ap_mutex_register(pconf, MUTEX_TYPE, NULL, APR_LOCK_DEFAULT, 0) == APR_SUCCESS ? OK
                                                                                          : HTTP_INTERNAL_SERVER_ERROR;
}

static const char *joined(const apr_array_header_t *strings, apr_pool_t *pool)
{
    return strings ? apr_array_pstrcat(pool, strings, ' ') : NULL; /* neither URLs nor host names have one */
}

static mcp_keyring_source_t source_of(const mcp_issuer_conf_t *issuer, const mcp_server_conf_t *conf)
{
    const mcp_keyring_source_t source = {
        .plan = { .source = { .issuer = issuer->url,
                              .key_urls = issuer->key_urls,
                              .discovers = issuer->key_urls->nelts == 0 && !issuer->static_keys &&
                                           (mcp_issuer_format(issuer) != MCP_FORMAT_OPAQUE || mcp_server_mirror(conf)),
                              .mirrors = mcp_server_mirror(conf) },
                  .has_static = issuer->static_keys != NULL,
                  .refresh = mcp_server_refresh(conf),
                  .throttle = mcp_server_throttle(conf),
                  .lease = 3 * mcp_server_timeout(conf) + apr_time_from_sec(10) },
        .static_keys = issuer->static_keys,
        .fetch = { .timeout = mcp_server_timeout(conf),
                   .proxy = conf->proxy && *conf->proxy ? conf->proxy : NULL,
                   .ca_file = conf->ca_file,
                   .allow_http = conf->allow_http },
    };

    return source;
}

/* The name of where and how keys are fetched. Timing is no part of it: an admin may change that in an outage. */
static const char *identity_of(const mcp_keyring_source_t *source, apr_pool_t *pool)
{
    const char *const parts[] = { source->plan.source.issuer, joined(source->plan.source.key_urls, pool),
                                  source->fetch.ca_file, source->fetch.proxy };

    return mcp_snapshot_identity(parts, sizeof(parts) / sizeof(parts[0]), pool);
}

static const char *settings_of(const plot_t *plot, apr_pool_t *pool)
{
    const mcp_keyring_source_t *source = &plot->source;

    return apr_psprintf(pool, "%s %" APR_TIME_T_FMT " %" APR_TIME_T_FMT " %" APR_TIME_T_FMT " %d%d %pp %s %s",
                        plot->identity, source->plan.refresh, source->plan.throttle, source->fetch.timeout,
                        source->plan.source.discovers, source->plan.source.mirrors, source->static_keys,
                        source->state_path ? source->state_path : "", joined(source->fetch.allow_http, pool));
}

/* The plot of an issuer, a new one or one that is there. */
static int find_plot(const mcp_issuer_conf_t *issuer, server_rec *server, apr_pool_t *pool)
{
    const mcp_server_conf_t *conf = mcp_conf_server(server);
    const char *state_dir = mcp_server_state_dir(conf);
    plot_t plot = { .server = server, .source = source_of(issuer, conf) };

    plot.identity = identity_of(&plot.source, pool);
    if (state_dir && *state_dir) {
        plot.source.state_path = apr_pstrcat(pool, state_dir, "/", plot.identity, ".json", NULL);
    }
    plot.settings = settings_of(&plot, pool);
    for (int i = 0; i < plots->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(plots, i, plot_t).settings, plot.settings) == 0) {
            return i;
        }
    }
    APR_ARRAY_PUSH(plots, plot_t) = plot;
    return plots->nelts - 1;
}

static void lay_out(server_rec *servers, apr_pool_t *pool)
{
    plots = apr_array_make(pool, 4, sizeof(plot_t));
    for (server_rec *s = servers; s; s = s->next) {
        const mcp_server_conf_t *conf = mcp_conf_server(s);

        for (int i = 0; conf->issuers && i < conf->issuers->nelts; i++) {
            mcp_issuer_conf_t *issuer = APR_ARRAY_IDX(conf->issuers, i, mcp_issuer_conf_t *);

            issuer->plot = find_plot(issuer, s, pool);
        }
    }
}

/* Keys of an earlier run that are not too old to count. */
static bool restore(const plot_t *plot, apr_pool_t *ptemp)
{
    mcp_snapshot_t snapshot;
    mcp_view_t text;
    apr_time_t now = apr_time_now();

    if (!plot->source.state_path || mcp_readfile(&text, plot->source.state_path, false, ptemp) != APR_SUCCESS ||
        !mcp_snapshot_read(&snapshot, text, plot->identity, now, ptemp) ||
        now - snapshot.fetched >= apr_time_from_sec(MCP_LIMIT_KEYS_AGE) ||
        !mcp_store_restore(plot->source.store, &plot->source.plan, &snapshot,
                           mcp_keyring_now() - (now - snapshot.fetched))) {
        return false;
    }
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, plot->server,
                 "MCP0110: issuer \"%s\": its keys of %d s ago are taken from %s", plot->source.plan.source.issuer,
                 (int)apr_time_sec(now - snapshot.fetched), plot->source.state_path);
    return true;
}

static bool succeed(const plot_t *plot, const segment_t *old)
{
    for (int i = 0; old && old->store_size == sizeof(mcp_store_t) && i < old->count; i++) {
        const mcp_store_t *store = &old->stores[i];

        if (strcmp(store->identity, plot->identity) == 0 && atomic_load(&store->keys.generation) > 0) {
            return mcp_store_succeed(plot->source.store, &plot->source.plan, store, mcp_keyring_now());
        }
    }
    return false;
}

/* Shared memory for all plots, in a pool that outlives the configuration. */
static segment_t *make_segment(apr_pool_t *process_pool)
{
    apr_pool_t *pool;
    segment_t *segment;
    apr_shm_t *shm;
    int count = plots->nelts > 0 ? plots->nelts : 1;

    apr_pool_create(&pool, process_pool);
    segment = apr_pcalloc(pool, sizeof(*segment));
    if (apr_shm_create(&shm, (apr_size_t)count * sizeof(mcp_store_t), NULL, pool) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return NULL;
    }
    *segment = (segment_t){ pool, sizeof(mcp_store_t), plots->nelts, apr_shm_baseaddr_get(shm) };
    return segment;
}

static bool set_up_stores(server_rec *server, apr_pool_t *ptemp)
{
    apr_pool_t *process_pool = server->process->pool;
    segment_t *segment = make_segment(process_pool), *old = NULL;

    if (!segment) {
        return false;
    }
    apr_pool_userdata_get((void **)&old, SEGMENT_KEY, process_pool);
    for (int i = 0; i < plots->nelts; i++) {
        plot_t *plot = &APR_ARRAY_IDX(plots, i, plot_t);

        plot->source.store = &segment->stores[i];
        plot->source.lock = mutex;
        mcp_store_init(plot->source.store, plot->identity);
        if (!succeed(plot, old)) {
            restore(plot, ptemp);
        }
    }
    apr_pool_userdata_setn(segment, SEGMENT_KEY, NULL, process_pool);
    if (old) {
        apr_pool_destroy(old->pool);
    }
    return true;
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

/* What the background does once a second, in the one process that mod_watchdog has chosen. */
static apr_status_t tick(int state, void *data, apr_pool_t *pool)
{
    (void)data;
    (void)pool;
    apr_thread_mutex_lock(ticking);
    for (int i = 0; state != AP_WATCHDOG_STATE_STOPPING && i < plots->nelts && !atomic_load(&stopping); i++) {
        const plot_t *plot = &APR_ARRAY_IDX(plots, i, plot_t);
        mcp_log_t log = mcp_aplog_server(plot->server);

        if (plot->ring) {
            mcp_keyring_refresh(plot->ring, &log);
        }
    }
    apr_thread_mutex_unlock(ticking);
    return APR_SUCCESS;
}

/* Before the keyrings of this process go: have the background leave them. */
static apr_status_t end_background(void *data)
{
    (void)data;
    atomic_store(&stopping, true);
    apr_thread_mutex_lock(ticking);
    apr_thread_mutex_unlock(ticking);
    return APR_SUCCESS;
}

static bool start_watchdog(server_rec *server, apr_pool_t *pconf)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;

    if (!get || !add) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MCP0302: mod_watchdog is not loaded, so keys are fetched by requests that need them, which wait "
                     "for it; for example LoadModule watchdog_module modules/mod_watchdog.so");
        return true;
    }
    return get(&watchdog, WATCHDOG_NAME, 0, 1, pconf) == APR_SUCCESS && add(watchdog, TICK, NULL, tick) == APR_SUCCESS;
}

int mcp_refresh_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *servers)
{
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) { /* the first of two passes */
        return OK;
    }
    lay_out(servers, pconf);
    if (!check_state_dirs(servers, ptemp)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (plots->nelts == 0) {
        return OK;
    }
    if (apr_thread_mutex_create(&ticking, APR_THREAD_MUTEX_DEFAULT, pconf) != APR_SUCCESS ||
        ap_global_mutex_create(&mutex, NULL, MUTEX_TYPE, NULL, servers, pconf, 0) != APR_SUCCESS ||
        !set_up_stores(servers, ptemp) || !start_watchdog(servers, pconf)) {
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
    const plot_t *plot = &APR_ARRAY_IDX(plots, issuer->plot, plot_t);
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

            issuer->keyring = APR_ARRAY_IDX(plots, issuer->plot, plot_t).ring;
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
        plot_t *plot = &APR_ARRAY_IDX(plots, i, plot_t);

        plot->source.lock = mutex;
        plot->source.fetch.stop = &stopping;
        plot->ring = mcp_keyring_create(&plot->source, pool);
    }
    apr_pool_pre_cleanup_register(pool, NULL, end_background);
    set_up_issuers(servers, pool);
}
