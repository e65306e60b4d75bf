#include "store.h"

/* How often a text or a state is read again because it was changed meanwhile. Changes are seconds apart. */
#define ATTEMPTS 100

/* Bytes that are read while they may be written, and read again when a number says that they were: changes, or the
 * generation of a shelf. A byte of a change that is seen brings with it the number that was stored before it, so that
 * nobody finds the old number behind a new byte (C11 5.1.2.4). This takes no fence, and no data race. */
static void put(atomic_char to[], const char from[], apr_size_t size)
{
    for (apr_size_t i = 0; i < size; i++) {
        atomic_store_explicit(&to[i], from[i], memory_order_release);
    }
}

static void get(char to[], const atomic_char from[], apr_size_t size)
{
    for (apr_size_t i = 0; i < size; i++) {
        to[i] = atomic_load_explicit(&from[i], memory_order_acquire);
    }
}

void mcp_store_init(mcp_store_t *store, const char *identity)
{
    apr_cpystrn(store->identity, identity, sizeof(store->identity));
}

/* Odd already when a process was killed in the middle of its change. Another number in any case, for those who read. */
void mcp_store_begin_change(mcp_store_t *store)
{
    unsigned changes = atomic_load(&store->changes);

    atomic_store(&store->changes, changes + (changes % 2 == 0 ? 1 : 2));
}

void mcp_store_end_change(mcp_store_t *store, const mcp_issuer_plan_t *plan)
{
    mcp_issuer_times_t times = mcp_issuer_times(&store->issuer, plan);
    mcp_store_state_t state = { .issuer = store->issuer, .trouble_at = store->trouble_at };

    memcpy(state.trouble, store->trouble, sizeof(state.trouble));
    put(store->shown, (const char *)&state, sizeof(state));
    atomic_store(&store->usable_until, times.usable_until);
    atomic_store(&store->due_at, times.due_at);
    atomic_store(&store->doubt_from, times.doubt_from);
    atomic_store(&store->oldest, times.oldest);
    atomic_store(&store->complete, store->issuer.complete);
    atomic_fetch_add(&store->changes, 1);
}

/* One of the two places of a shelf whose texts have so much room. */
typedef struct {
    mcp_store_shelf_t *shelf;
    atomic_char *texts; /* two of them, one behind the other */
    apr_size_t room;
} places_t;

/* Whether a place has these bytes. */
static bool has(const atomic_char place[], const char *bytes, apr_size_t len)
{
    apr_size_t i = 0;

    while (i < len && atomic_load_explicit(&place[i], memory_order_relaxed) == bytes[i]) {
        i++;
    }
    return i == len;
}

static bool publish(places_t to, const char *text)
{
    unsigned generation = atomic_load(&to.shelf->generation), next = generation + 1;
    apr_size_t len = strlen(text);
    const atomic_char *current = to.texts + (generation & 1) * to.room;

    if (len > to.room) {
        return false;
    }
    if (generation > 0 && atomic_load(&to.shelf->len[generation & 1]) == len && has(current, text, len)) {
        return true;
    }
    next += next == 0 ? 2 : 0; /* 0 is taken; the lowest bit must change */
    put(to.texts + (next & 1) * to.room, text, len);
    atomic_store(&to.shelf->len[next & 1], len);
    atomic_store(&to.shelf->generation, next);
    return true;
}

static const char *copy(const mcp_store_shelf_t *shelf, const atomic_char *texts, apr_size_t room, unsigned *generation,
                        apr_pool_t *pool)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        unsigned before = atomic_load(&shelf->generation), place = before & 1;
        apr_size_t len = atomic_load(&shelf->len[place]);
        char *text;

        if (before == 0) {
            return NULL;
        }
        len = len <= room ? len : 0;
        text = apr_palloc(pool, len + 1);
        get(text, texts + place * room, len);
        text[len] = '\0';
        if (atomic_load(&shelf->generation) == before) {
            *generation = before;
            return text;
        }
    }
    return NULL;
}

bool mcp_store_publish_keys(mcp_store_t *store, const char *text, int count)
{
    atomic_store(&store->keys_count, count);
    return publish((places_t){ &store->keys, store->keys_text[0], sizeof(store->keys_text[0]) }, text);
}

bool mcp_store_publish_metadata(mcp_store_t *store, const char *text)
{
    return publish((places_t){ &store->metadata, store->metadata_text[0], sizeof(store->metadata_text[0]) }, text);
}

const char *mcp_store_keys(const mcp_store_t *store, unsigned *generation, apr_pool_t *pool)
{
    return copy(&store->keys, store->keys_text[0], sizeof(store->keys_text[0]), generation, pool);
}

const char *mcp_store_metadata(const mcp_store_t *store, apr_pool_t *pool)
{
    unsigned generation;

    return copy(&store->metadata, store->metadata_text[0], sizeof(store->metadata_text[0]), &generation, pool);
}

/* How many usable keys a text has, and which URLs gave them. */
static int count_keys(unsigned *urls, const char *text)
{
    apr_pool_t *scratch;
    mcp_jwks_t *keys;
    mcp_keysets_t sets;
    int count = 0;

    apr_pool_create(&scratch, NULL);
    keys = mcp_jwk_set(scratch);
    if (mcp_keysets_add(keys, mcp_view_of(text), NULL) && mcp_keysets_read(&sets, mcp_view_of(text), scratch)) {
        *urls = mcp_keysets_numbers(&sets);
        count = keys->count;
    }
    apr_pool_destroy(scratch);
    return count;
}

bool mcp_store_restore(mcp_store_t *store, const mcp_issuer_plan_t *plan, const mcp_snapshot_t *snapshot,
                       apr_time_t loaded_at)
{
    unsigned urls = 0;
    int count = count_keys(&urls, snapshot->keys);

    if (count == 0 || !mcp_store_publish_keys(store, snapshot->keys, count)) {
        return false;
    }
    mcp_store_begin_change(store);
    mcp_issuer_restore(&store->issuer, plan, urls, loaded_at);
    mcp_store_end_change(store, plan);
    if (snapshot->metadata) {
        mcp_store_publish_metadata(store, snapshot->metadata);
    }
    return true;
}

/* The state of a store in use, as a change left it. False when it is never at rest. */
static bool read_state(mcp_store_state_t *state, const mcp_store_t *store)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        unsigned before = atomic_load(&store->changes);

        get((char *)state, store->shown, sizeof(*state));
        if (before % 2 == 0 && atomic_load(&store->changes) == before) {
            return true;
        }
    }
    return false;
}

/* Counters go on counting over a restart. They are all of one type. */
static void take_counters(atomic_ullong to[], const atomic_ullong from[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        atomic_store(&to[i], atomic_load(&from[i]));
    }
}

void mcp_store_take_tally(mcp_store_tally_t *tally, const mcp_store_tally_t *old)
{
    take_counters(tally->refused, old->refused, MCP_REASON_COUNT);
}

const char *mcp_store_trouble(const mcp_store_t *store, apr_time_t *at, apr_pool_t *pool)
{
    mcp_store_state_t state;

    if (!read_state(&state, store)) {
        *at = 0;
        return "";
    }
    *at = state.trouble_at;
    return apr_pstrdup(pool, state.trouble);
}

bool mcp_store_succeed(mcp_store_t *store, const mcp_issuer_plan_t *plan, const mcp_store_t *old, apr_time_t now)
{
    mcp_store_state_t was;
    apr_pool_t *scratch;
    const char *keys, *metadata;
    unsigned generation;

    if (!read_state(&was, old)) {
        return false;
    }
    apr_pool_create(&scratch, NULL);
    keys = mcp_store_keys(old, &generation, scratch);
    metadata = mcp_store_metadata(old, scratch);
    mcp_store_begin_change(store);
    if (keys && mcp_store_publish_keys(store, keys, atomic_load(&old->keys_count))) {
        mcp_issuer_succeed(&store->issuer, &was.issuer, now);
        atomic_store(&store->fetched_from, atomic_load(&old->fetched_from));
    }
    if (metadata) {
        mcp_store_publish_metadata(store, metadata);
    }
    take_counters((atomic_ullong *)&store->counts, (const atomic_ullong *)&old->counts,
                  sizeof(store->counts) / sizeof(atomic_ullong));
    atomic_store(&store->rounds, atomic_load(&old->rounds));
    mcp_store_end_change(store, plan);
    apr_pool_destroy(scratch);
    return true;
}
