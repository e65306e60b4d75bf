#include "cache.h"

#include <ap_mpm.h>
#include <ap_provider.h>
#include <ap_socache.h>
#include <apr_shm.h>
#include <http_core.h>
#include <http_log.h>
#include <stdatomic.h>
#include <util_mutex.h>

APLOG_USE_MODULE(auth_mcp);

#define MUTEX_TYPE "mcp-cache"

/* An access that takes longer than this is a sign of trouble, and for how long all do without the cache then; one that
 * takes longer than the last has perhaps gone with its process, and another one tries. */
#define SLOW apr_time_from_sec(1)
#define SPARE apr_time_from_sec(10)
#define LOST apr_time_from_sec(60)

/* What one access tells the others. */
typedef struct {
    atomic_llong witness;     /* when one of those under way began, on the clock of keys; 0 for none */
    atomic_llong spare_until; /* all do without until then */
} gate_t;

struct mcp_cache_conf_t {
    const char *word;
    const ap_socache_provider_t *provider; /* NULL for none */
    ap_socache_instance_t *instance;
    apr_global_mutex_t *lock; /* NULL when the provider needs none */
    server_rec *server;       /* for its log lines; NULL until it is started */
    bool started;
    gate_t *gate; /* in memory that all processes share */
};

/* The one that counts where nothing is said; made by post_config. NULL when its provider is not loaded. */
static mcp_cache_conf_t *usual;

const char *mcp_cache_parse(mcp_cache_conf_t **cache, const char *word, apr_pool_t *temp, apr_pool_t *pool)
{
    mcp_cache_conf_t *made = apr_pcalloc(pool, sizeof(*made));
    const char *colon = strchr(word, ':'), *wrong;
    const char *name = colon ? apr_pstrmemdup(temp, word, (apr_size_t)(colon - word)) : word;

    made->word = apr_pstrdup(pool, word);
    *cache = made;
    if (strcasecmp(word, "none") == 0) {
        return NULL;
    }
    made->provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, name, AP_SOCACHE_PROVIDER_VERSION);
    if (!made->provider) {
        return apr_psprintf(pool, "needs mod_socache_%.20s, which is not loaded, or not before this line", name);
    }
    wrong = made->provider->create(&made->instance, colon ? colon + 1 : NULL, temp, pool);
    return wrong ? apr_psprintf(pool, "is not what mod_socache_%s wants (%.200s)", name, wrong) : NULL;
}

int mcp_cache_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    usual = NULL;
    return ap_mutex_register(pconf, MUTEX_TYPE, NULL, APR_LOCK_DEFAULT, 0) == APR_SUCCESS ? OK
                                                                                          : HTTP_INTERNAL_SERVER_ERROR;
}

static apr_status_t destroy(void *baton)
{
    mcp_cache_conf_t *cache = baton;

    cache->provider->destroy(cache->instance, cache->server);
    return APR_SUCCESS;
}

/* Start a cache, once. number tells several of one server apart. */
static void start(mcp_cache_conf_t *cache, int number, server_rec *server, apr_pool_t *pool)
{
    /* So that the largest record fits into one of shmcb's subcaches, see MCP_LIMIT_RECORD. */
    const struct ap_socache_hints hints = { 32, 1024, apr_time_from_sec(60) };
    const char *name = apr_psprintf(pool, "mcp-%d", number);
    apr_status_t status;
    apr_shm_t *shm;

    cache->server = server;
    if ((status = apr_shm_create(&shm, sizeof(gate_t), NULL, pool)) == APR_SUCCESS) {
        cache->gate = apr_shm_baseaddr_get(shm);
    }
    if (status == APR_SUCCESS && (cache->provider->flags & AP_SOCACHE_FLAG_NOTMPSAFE)) {
        status = ap_global_mutex_create(&cache->lock, NULL, MUTEX_TYPE, name, server, pool, 0);
    }
    if (status == APR_SUCCESS) {
        status = cache->provider->init(cache->instance, name, &hints, server, pool);
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, status, server,
                     "MCP0307: MCPCache %s cannot be started; nothing is shared between processes", cache->word);
        return;
    }
    apr_pool_cleanup_register(pool, cache, destroy, apr_pool_cleanup_null);
    cache->started = true;
}

static bool introspects(const mcp_server_conf_t *conf)
{
    for (int i = 0; conf->issuers && i < conf->issuers->nelts; i++) {
        if (APR_ARRAY_IDX(conf->issuers, i, mcp_issuer_conf_t *)->introspection) {
            return true;
        }
    }
    return false;
}

/* The cache of a server; NULL for none. */
static mcp_cache_conf_t *find(const mcp_server_conf_t *conf)
{
    mcp_cache_conf_t *cache = conf->cache ? conf->cache : usual;

    return cache && cache->provider ? cache : NULL;
}

static void make_usual(server_rec *server, apr_pool_t *ptemp, apr_pool_t *pconf)
{
    mcp_cache_conf_t *made;

    if (mcp_cache_parse(&made, "shmcb", ptemp, pconf) == NULL) {
        usual = made;
        return;
    }
    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, server,
        "MCP0308: no MCPCache, and mod_socache_shmcb is not loaded: each process asks about each token by itself; "
        "for example LoadModule socache_shmcb_module modules/mod_socache_shmcb.so");
}

int mcp_cache_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *servers)
{
    int number = 0;
    bool looked = false;

    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) { /* the first of two passes */
        return OK;
    }
    for (server_rec *s = servers; s; s = s->next) {
        const mcp_server_conf_t *conf = mcp_conf_server(s);
        mcp_cache_conf_t *cache;

        if (!introspects(conf)) {
            continue;
        }
        if (!conf->cache && !looked) {
            make_usual(s, ptemp, pconf);
            looked = true;
        }
        if ((cache = find(conf)) != NULL && !cache->server) {
            start(cache, number++, s, pconf);
        }
    }
    return OK;
}

void mcp_cache_child_init(apr_pool_t *pool, server_rec *servers)
{
    for (server_rec *s = servers; s; s = s->next) {
        mcp_cache_conf_t *cache = find(mcp_conf_server(s));

        if (cache && cache->server == s && cache->lock &&
            apr_global_mutex_child_init(&cache->lock, apr_global_mutex_lockfile(cache->lock), pool) != APR_SUCCESS) {
            cache->started = false;
        }
    }
}

/* Begin an access. A provider waits for its server as long as it likes, memcache for ever: one access that takes too long
 * keeps the others away for a while, so that it is all that is lost. False when this is no time for one. *witness
 * tells whether it is this access that the others look at. */
static bool enter(mcp_cache_conf_t *cache, bool *witness)
{
    apr_time_t now = mcp_keyring_now();
    long long since = atomic_load(&cache->gate->witness);

    *witness = false;
    if (now < atomic_load(&cache->gate->spare_until) || (since != 0 && now - since > SLOW && now - since < LOST)) {
        return false;
    }
    if (since == 0 || now - since >= LOST) {
        *witness = atomic_compare_exchange_strong(&cache->gate->witness, &since, now);
    }
    return true;
}

static void leave(mcp_cache_conf_t *cache, bool witness)
{
    apr_time_t now = mcp_keyring_now(), took = now - atomic_load(&cache->gate->witness);

    if (!witness) {
        return;
    }
    if (took > SLOW) {
        atomic_store(&cache->gate->spare_until, now + SPARE);
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cache->server,
                     "MCP0309: MCPCache %.100s took %d ms for one access; it is left alone for %d s", cache->word,
                     (int)apr_time_as_msec(took), (int)apr_time_sec(SPARE));
    }
    atomic_store(&cache->gate->witness, 0);
}

static bool lock(const mcp_cache_conf_t *cache)
{
    return !cache->lock || apr_global_mutex_lock(cache->lock) == APR_SUCCESS;
}

static void unlock(const mcp_cache_conf_t *cache)
{
    if (cache->lock) {
        apr_global_mutex_unlock(cache->lock);
    }
}

static void put(void *baton, const unsigned char id[32], mcp_view_t bytes, apr_time_t until, apr_pool_t *pool)
{
    mcp_cache_conf_t *cache = baton;
    bool witness;

    /* redis and memcached know whole seconds only, and take none for for ever. */
    if (until - apr_time_now() < apr_time_from_sec(1) || !enter(cache, &witness)) {
        return;
    }
    if (lock(cache)) {
        cache->provider->store(cache->instance, cache->server, id, 32, until, (unsigned char *)bytes.data,
                               (unsigned)bytes.len, pool);
        unlock(cache);
    }
    leave(cache, witness);
}

static bool get(void *baton, const unsigned char id[32], mcp_view_t *bytes, apr_pool_t *pool)
{
    mcp_cache_conf_t *cache = baton;
    unsigned len = MCP_LIMIT_RECORD;
    unsigned char *buffer = apr_palloc(pool, MCP_LIMIT_RECORD);
    apr_status_t status = APR_EGENERAL;
    bool witness;

    if (!enter(cache, &witness)) {
        return false;
    }
    if (lock(cache)) {
        status = cache->provider->retrieve(cache->instance, cache->server, id, 32, buffer, &len, pool);
        unlock(cache);
    }
    leave(cache, witness);
    *bytes = (mcp_view_t){ (const char *)buffer, len };
    return status == APR_SUCCESS && len <= MCP_LIMIT_RECORD;
}

mcp_shared_cache_t mcp_cache_of(const mcp_server_conf_t *conf)
{
    mcp_cache_conf_t *cache = find(conf);

    return cache && cache->started ? (mcp_shared_cache_t){ put, get, cache } : (mcp_shared_cache_t){ NULL, NULL, NULL };
}
