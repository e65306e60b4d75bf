#include "keyset.h"

#include <apr_thread_mutex.h>

#include "ownpool.h"

/* The current generation, one that is being made, and those that slow threads still use. */
#define GENERATIONS 4

typedef struct {
    const mcp_jwks_t *keys;
    apr_pool_t *pool;  /* its own; NULL as long as the place is empty */
    unsigned number;   /* of the store's text */
    atomic_uint users; /* threads that are in it, or are looking whether it is the current one */
} generation_t;

struct mcp_keyset_t {
    const mcp_store_t *store;
    const mcp_jwks_t *static_keys;
    generation_t generations[GENERATIONS];
    atomic_int current;          /* the index of the one to use, -1 for none */
    atomic_uint seen;            /* the store's generation that was read last, 0 for none */
    apr_thread_mutex_t *loading; /* held to make a generation */
};

static apr_status_t free_generations(void *baton)
{
    mcp_keyset_t *set = baton;

    for (int i = 0; i < GENERATIONS; i++) {
        if (set->generations[i].pool) {
            apr_pool_destroy(set->generations[i].pool);
            set->generations[i].pool = NULL;
        }
    }
    return APR_SUCCESS;
}

mcp_keyset_t *mcp_keyset_create(const mcp_store_t *store, const mcp_jwks_t *static_keys, apr_pool_t *pool)
{
    mcp_keyset_t *set = apr_pcalloc(pool, sizeof(*set));

    set->store = store;
    set->static_keys = static_keys;
    atomic_init(&set->current, -1);
    if (apr_thread_mutex_create(&set->loading, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, set, free_generations, apr_pool_cleanup_null);
    return set;
}

/* A place that no thread can be in, -1 for none. A thread that comes now finds that the place is not the current one
 * and goes, see pin. */
static int find_place(mcp_keyset_t *set)
{
    for (int i = 0; i < GENERATIONS; i++) {
        if (i != atomic_load(&set->current) && atomic_load(&set->generations[i].users) == 0) {
            return i;
        }
    }
    return -1;
}

static const mcp_jwks_t *parse(const mcp_keyset_t *set, const char *text, const mcp_log_t *log, apr_pool_t *pool)
{
    mcp_jwks_t *keys = mcp_jwk_set(pool);

    for (int i = 0; set->static_keys && i < set->static_keys->count; i++) {
        keys->keys[keys->count++] = set->static_keys->keys[i];
    }
    keys->cut = set->static_keys && set->static_keys->cut;
    return mcp_keysets_add(keys, mcp_view_of(text), log) ? keys : NULL;
}

/* Make a generation of what the store has. With loading held. */
static void load(mcp_keyset_t *set, const mcp_log_t *log)
{
    int place = find_place(set);
    generation_t *generation;
    const char *text;

    if (place < 0) { /* slow threads are in all of them: the next request tries again */
        return;
    }
    generation = &set->generations[place];
    if (generation->pool) {
        apr_pool_destroy(generation->pool);
    }
    generation->pool = mcp_ownpool_create();
    text = mcp_store_keys(set->store, &generation->number, generation->pool);
    generation->keys = text ? parse(set, text, log, generation->pool) : NULL;
    if (generation->keys) {
        atomic_store(&set->current, place);
    }
    if (text) {
        atomic_store(&set->seen, generation->number);
    }
}

/* Follow the store. While another thread does so, wait for it or go by what is there. */
static void follow(mcp_keyset_t *set, bool wait, const mcp_log_t *log)
{
    unsigned published = atomic_load(&set->store->keys.generation);

    if (published == atomic_load(&set->seen)) {
        return;
    }
    if (wait) {
        apr_thread_mutex_lock(set->loading);
    } else if (apr_thread_mutex_trylock(set->loading) != APR_SUCCESS) {
        return;
    }
    if (published != atomic_load(&set->seen)) {
        load(set, log);
    }
    apr_thread_mutex_unlock(set->loading);
}

/* Enter the current generation, so that its memory stays. Whoever replaces it says so in current first and looks at
 * users then; here it is the other way round, so that one of the two notices. */
static generation_t *pin(mcp_keyset_t *set)
{
    for (;;) {
        int current = atomic_load(&set->current);
        generation_t *generation;

        if (current < 0) {
            return NULL;
        }
        generation = &set->generations[current];
        atomic_fetch_add(&generation->users, 1);
        if (atomic_load(&set->current) == current) {
            return generation;
        }
        atomic_fetch_sub(&generation->users, 1);
    }
}

mcp_keyset_hold_t mcp_keyset_hold(mcp_keyset_t *set, const mcp_log_t *log)
{
    generation_t *generation;

    follow(set, atomic_load(&set->current) < 0, log); /* only the first one is worth waiting for */
    if ((generation = pin(set)) == NULL) {
        return (mcp_keyset_hold_t){ NULL, 0, NULL };
    }
    return (mcp_keyset_hold_t){ generation->keys, generation->number, &generation->users };
}

void mcp_keyset_catch_up(mcp_keyset_t *set, const mcp_log_t *log)
{
    follow(set, true, log);
}

void mcp_keyset_release(mcp_keyset_hold_t hold)
{
    if (hold.users) {
        atomic_fetch_sub(hold.users, 1);
    }
}
