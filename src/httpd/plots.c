#include "plots.h"

#include <apr_shm.h>
#include <http_log.h>

#include "../io/readfile.h"

APLOG_USE_MODULE(auth_mcp);

/* The segment of the running configuration, found again by the next one in the pool of the process. Neither it nor this
 * name may lie in the module, which httpd unloads in between and loads to another place. */
#define SEGMENT_KEY "mod_auth_mcp segment " MCP_VERSION

typedef struct {
    apr_pool_t *pool;                  /* its own, below that of the process */
    apr_size_t store_size, tally_size; /* of the module that made it */
    int count;
    mcp_store_tally_t *tally;
    mcp_store_t *stores;
} segment_t;

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
                                  source->fetch.ca_file, source->fetch.proxy, joined(source->fetch.allow_http, pool) };

    return mcp_snapshot_identity(parts, sizeof(parts) / sizeof(parts[0]), pool);
}

/* Whom its tokens are shown to is among them: trouble with one endpoint must not keep others from theirs. */
static const char *settings_of(const mcp_plot_t *plot, const mcp_issuer_conf_t *issuer, apr_pool_t *pool)
{
    const mcp_keyring_source_t *source = &plot->source;
    const char *const parts[] = { issuer->introspection, issuer->client_auth.id };

    return apr_psprintf(pool, "%s %s %" APR_TIME_T_FMT " %" APR_TIME_T_FMT " %" APR_TIME_T_FMT " %d%d %pp %s %s",
                        plot->identity, mcp_snapshot_identity(parts, 2, pool), source->plan.refresh,
                        source->plan.throttle, source->fetch.timeout, source->plan.source.discovers,
                        source->plan.source.mirrors, source->static_keys, source->state_path ? source->state_path : "",
                        joined(source->fetch.allow_http, pool));
}

/* The plot of an issuer, a new one or one that is there. */
static int find_plot(apr_array_header_t *plots, const mcp_issuer_conf_t *issuer, server_rec *server)
{
    apr_pool_t *pool = plots->pool;
    const mcp_server_conf_t *conf = mcp_conf_server(server);
    const char *state_dir = mcp_server_state_dir(conf);
    mcp_plot_t plot = { .server = server, .source = source_of(issuer, conf) };

    plot.identity = identity_of(&plot.source, pool);
    if (state_dir && *state_dir) {
        plot.source.state_path = apr_pstrcat(pool, state_dir, "/", plot.identity, ".json", NULL);
    }
    plot.settings = settings_of(&plot, issuer, pool);
    for (int i = 0; i < plots->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(plots, i, mcp_plot_t).settings, plot.settings) == 0) {
            return i;
        }
    }
    APR_ARRAY_PUSH(plots, mcp_plot_t) = plot;
    return plots->nelts - 1;
}

apr_array_header_t *mcp_plots_lay_out(server_rec *servers, apr_pool_t *pool)
{
    apr_array_header_t *plots = apr_array_make(pool, 4, sizeof(mcp_plot_t));

    for (server_rec *s = servers; s; s = s->next) {
        const mcp_server_conf_t *conf = mcp_conf_server(s);

        for (int i = 0; conf->issuers && i < conf->issuers->nelts; i++) {
            mcp_issuer_conf_t *issuer = APR_ARRAY_IDX(conf->issuers, i, mcp_issuer_conf_t *);

            issuer->plot = find_plot(plots, issuer, s);
        }
    }
    return plots;
}

/* Keys of an earlier run that are not too old to count. */
static bool restore(const mcp_plot_t *plot, apr_pool_t *ptemp)
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

/* Take over what was known of this way to keys: the last that any server has seen, so that no key which was withdrawn
 * counts again. */
static bool succeed(const mcp_plot_t *plot, const segment_t *old)
{
    const mcp_store_t *last = NULL;

    for (int i = 0; old && old->store_size == sizeof(mcp_store_t) && i < old->count; i++) {
        const mcp_store_t *store = &old->stores[i];

        if (strcmp(store->identity, plot->identity) == 0 && atomic_load(&store->keys.generation) > 0 &&
            (!last || atomic_load(&store->usable_until) > atomic_load(&last->usable_until))) {
            last = store;
        }
    }
    return last && mcp_store_succeed(plot->source.store, &plot->source.plan, last, mcp_keyring_now());
}

/* Shared memory for all plots, in a pool that outlives the configuration. */
static segment_t *make_segment(const apr_array_header_t *plots, apr_pool_t *process_pool)
{
    apr_pool_t *pool;
    segment_t *segment;
    apr_shm_t *shm;
    apr_size_t head = (sizeof(mcp_store_tally_t) + 63) / 64 * 64;
    char *base;

    apr_pool_create(&pool, process_pool);
    segment = apr_pcalloc(pool, sizeof(*segment));
    if (apr_shm_create(&shm, head + (apr_size_t)plots->nelts * sizeof(mcp_store_t), NULL, pool) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return NULL;
    }
    base = apr_shm_baseaddr_get(shm);
    *segment = (segment_t){ .pool = pool,
                            .store_size = sizeof(mcp_store_t),
                            .tally_size = sizeof(mcp_store_tally_t),
                            .count = plots->nelts,
                            .tally = (mcp_store_tally_t *)(void *)base,
                            .stores = (mcp_store_t *)(void *)(base + head) };
    return segment;
}

mcp_store_tally_t *mcp_plots_set_up(apr_array_header_t *plots, server_rec *server, apr_pool_t *ptemp)
{
    apr_pool_t *process_pool = server->process->pool;
    segment_t *segment = make_segment(plots, process_pool), *old = NULL;

    if (!segment) {
        return NULL;
    }
    apr_pool_userdata_get((void **)&old, SEGMENT_KEY, process_pool);
    for (int i = 0; i < plots->nelts; i++) {
        mcp_plot_t *plot = &APR_ARRAY_IDX(plots, i, mcp_plot_t);

        plot->source.store = &segment->stores[i];
        mcp_store_init(plot->source.store, plot->identity);
        if (!succeed(plot, old)) {
            restore(plot, ptemp);
        }
    }
    if (old && old->tally_size == sizeof(mcp_store_tally_t)) {
        mcp_store_take_tally(segment->tally, old->tally);
    }
    apr_pool_userdata_set(segment, SEGMENT_KEY, NULL, process_pool);
    if (old) {
        apr_pool_destroy(old->pool);
    }
    return segment->tally;
}
