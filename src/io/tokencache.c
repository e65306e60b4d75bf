#include "tokencache.h"

#include <apr_thread_mutex.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../core/json.h"
#include "../core/siphash.h"

/* Parts of the cache with a lock of their own each, so that threads with different tokens seldom meet. */
#define SHARDS 16

/* Bytes of a token's end that say where it lies: of a JWT they are of the signature, so that no two verified ones share them. */
#define HASHED 64

/* Bytes of a usual entry: what the number of buckets is reckoned by. */
#define USUAL_ENTRY 4096

/* An entry lives as long as it is in its shard or a request looks at it; whoever leaves it last frees it. */
typedef struct entry_t entry_t;
struct entry_t {
    atomic_int users;
    entry_t *next;          /* in the bucket */
    entry_t *newer, *older; /* in the order of use */
    bool touched;           /* used since it was put where it is in that order */
    apr_uint64_t hash;
    apr_size_t size;
    mcp_tokencache_key_t key; /* with a copy of the token behind the facts */
    mcp_known_t known;
};

typedef struct {
    apr_thread_mutex_t *lock;
    entry_t **buckets;
    entry_t *newest, *oldest;
    apr_size_t entries, bytes;
} shard_t;

struct mcp_tokencache_t {
    mcp_siphash_key_t hash_key;
    apr_size_t buckets; /* of one shard, a power of two */
    apr_size_t room;    /* bytes of one shard */
    shard_t shards[SHARDS];
};

static void leave(entry_t *entry)
{
    if (atomic_fetch_sub(&entry->users, 1) == 1) {
        mcp_payload_release(entry->known.facts->payload);
        OPENSSL_cleanse((char *)entry->key.token.data, entry->key.token.len);
        free(entry);
    }
}

static apr_status_t leave_at_cleanup(void *baton)
{
    leave(baton);
    return APR_SUCCESS;
}

static shard_t *shard_of(mcp_tokencache_t *cache, apr_uint64_t hash)
{
    return &cache->shards[hash % SHARDS];
}

static entry_t **bucket_of(const mcp_tokencache_t *cache, const shard_t *shard, apr_uint64_t hash)
{
    return &shard->buckets[(hash / SHARDS) & (cache->buckets - 1)];
}

static void unlink_order(shard_t *shard, entry_t *entry)
{
    *(entry->newer ? &entry->newer->older : &shard->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &shard->oldest) = entry->newer;
}

static void link_newest(shard_t *shard, entry_t *entry)
{
    entry->touched = false;
    entry->newer = NULL;
    entry->older = shard->newest;
    *(shard->newest ? &shard->newest->newer : &shard->oldest) = entry;
    shard->newest = entry;
}

/* Take an entry out. With the lock of the shard held. */
static void discard(mcp_tokencache_t *cache, shard_t *shard, entry_t *entry)
{
    entry_t **link = bucket_of(cache, shard, entry->hash);

    while (*link != entry) {
        link = &(*link)->next;
    }
    *link = entry->next;
    unlink_order(shard, entry);
    shard->entries--;
    shard->bytes -= entry->size;
    leave(entry);
}

static apr_status_t empty(void *baton)
{
    mcp_tokencache_t *cache = baton;

    for (int i = 0; i < SHARDS; i++) {
        while (cache->shards[i].oldest) {
            discard(cache, &cache->shards[i], cache->shards[i].oldest);
        }
    }
    return APR_SUCCESS;
}

mcp_tokencache_t *mcp_tokencache_create(apr_size_t bytes, apr_pool_t *pool)
{
    mcp_tokencache_t *cache = apr_pcalloc(pool, sizeof(*cache));

    if (RAND_bytes(cache->hash_key.bytes, sizeof(cache->hash_key.bytes)) != 1) {
        return NULL;
    }
    cache->room = bytes / SHARDS;
    cache->buckets = 16;
    while (cache->buckets < cache->room / USUAL_ENTRY) {
        cache->buckets *= 2;
    }
    for (int i = 0; i < SHARDS; i++) {
        shard_t *shard = &cache->shards[i];

        shard->buckets = apr_pcalloc(pool, cache->buckets * sizeof(entry_t *));
        if (apr_thread_mutex_create(&shard->lock, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
            return NULL;
        }
    }
    apr_pool_cleanup_register(pool, cache, empty, apr_pool_cleanup_null);
    return cache;
}

/* With the lock of the shard held. */
static entry_t *find(const mcp_tokencache_t *cache, const shard_t *shard, const mcp_tokencache_key_t *key,
                     apr_uint64_t hash)
{
    entry_t *entry = *bucket_of(cache, shard, hash);

    while (entry &&
           (entry->hash != hash || entry->key.owner != key->owner || !mcp_view_equal(entry->key.token, key->token))) {
        entry = entry->next;
    }
    return entry;
}

static apr_uint64_t hash_of(const mcp_tokencache_t *cache, mcp_view_t token)
{
    apr_size_t left = token.len > HASHED ? token.len - HASHED : 0;

    return mcp_siphash(&cache->hash_key, (mcp_view_t){ token.data + left, token.len - left });
}

bool mcp_tokencache_find(mcp_known_t *known, mcp_tokencache_t *cache, const mcp_tokencache_key_t *key, apr_pool_t *pool)
{
    apr_uint64_t hash = hash_of(cache, key->token);
    shard_t *shard = shard_of(cache, hash);
    entry_t *entry;

    apr_thread_mutex_lock(shard->lock);
    if ((entry = find(cache, shard, key, hash)) != NULL) {
        entry->touched = true;
        atomic_fetch_add(&entry->users, 1);
    }
    apr_thread_mutex_unlock(shard->lock);
    if (!entry) {
        return false;
    }
    apr_pool_cleanup_register(pool, entry, leave_at_cleanup, apr_pool_cleanup_null);
    *known = entry->known;
    return true;
}

/* Make room: what was used since it was looked at last gets another turn. With the lock of the shard held. */
static void make_room(mcp_tokencache_t *cache, shard_t *shard, apr_size_t size)
{
    while (shard->oldest && shard->bytes + size > cache->room) {
        entry_t *entry = shard->oldest;

        if (entry->touched) {
            unlink_order(shard, entry);
            link_newest(shard, entry);
        } else {
            discard(cache, shard, entry);
        }
    }
}

/* Entry, facts, payload and token lie in one piece; a tree of the payload is jansson's, and is reckoned with before it is
 * there. NULL when it would be too large or there is no memory. */
static entry_t *make_entry(const mcp_known_t *known, const mcp_tokencache_t *cache, const mcp_tokencache_key_t *key)
{
    apr_size_t facts = mcp_claims_size(known->facts), head = (sizeof(entry_t) + 15) / 16 * 16;
    apr_size_t size = head + facts + key->token.len;
    apr_size_t all = size + mcp_json_size(mcp_payload_tree(known->facts->payload)) +
                     key->token.len; /* for what was escaped, see json.h */
    entry_t *entry = all <= cache->room / 2 ? malloc(size) : NULL;
    char *token;

    if (!entry) {
        return NULL;
    }
    memset(entry, 0, sizeof(*entry));
    token = (char *)entry + head + facts;
    memcpy(token, key->token.data, key->token.len);
    entry->key = (mcp_tokencache_key_t){ { token, key->token.len }, key->owner };
    entry->known = *known;
    entry->known.facts = mcp_claims_copy((char *)entry + head, known->facts);
    entry->size = all;
    atomic_init(&entry->users, 2); /* the shard and the request */
    return entry;
}

static void put(mcp_tokencache_t *cache, entry_t *entry)
{
    shard_t *shard = shard_of(cache, entry->hash);
    entry_t **bucket = bucket_of(cache, shard, entry->hash), *old;

    apr_thread_mutex_lock(shard->lock);
    if ((old = find(cache, shard, &entry->key, entry->hash)) != NULL) {
        discard(cache, shard, old);
    }
    make_room(cache, shard, entry->size);
    entry->next = *bucket;
    *bucket = entry;
    link_newest(shard, entry);
    shard->entries++;
    shard->bytes += entry->size;
    apr_thread_mutex_unlock(shard->lock);
}

void mcp_tokencache_add(mcp_known_t *known, mcp_tokencache_t *cache, const mcp_tokencache_key_t *key,
                        apr_pool_t *payload_pool)
{
    entry_t *entry = make_entry(known, cache, key);

    if (!entry) {
        return;
    }
    entry->hash = hash_of(cache, key->token);
    if (known->facts->payload->text.data) { /* the request goes on with what it has */
        atomic_init(&entry->users, 1);
    } else {
        mcp_json_disown(atomic_load(&entry->known.facts->payload->tree), payload_pool);
        apr_pool_cleanup_register(payload_pool, entry, leave_at_cleanup, apr_pool_cleanup_null);
        known->facts = entry->known.facts;
    }
    put(cache, entry);
}

mcp_tokencache_size_t mcp_tokencache_size(const mcp_tokencache_t *cache)
{
    mcp_tokencache_size_t size = { 0, 0 };

    for (int i = 0; i < SHARDS; i++) {
        apr_thread_mutex_lock(cache->shards[i].lock);
        size.entries += cache->shards[i].entries;
        size.bytes += cache->shards[i].bytes;
        apr_thread_mutex_unlock(cache->shards[i].lock);
    }
    return size;
}
