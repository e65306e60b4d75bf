/* world.h - an issuer's surroundings for tests without network and clock: what each URL answers now, what was
 * asked for, and the time. One round takes no time unless the test says so.
 */
#ifndef WORLD_H
#define WORLD_H

#include "../../src/core/issuer.h"

/* An issuer and what is constant about it. */
typedef struct {
    mcp_issuer_t state;
    mcp_issuer_plan_t plan;
} subject_t;

/* Settings as an admin who says nothing gets them. */
static inline subject_t *world_subject(const mcp_gather_source_t *source, bool has_static, apr_pool_t *pool)
{
    subject_t *subject = apr_pcalloc(pool, sizeof(*subject));

    subject->plan = (mcp_issuer_plan_t){ .source = *source,
                                         .has_static = has_static,
                                         .refresh = apr_time_from_sec(300),
                                         .throttle = apr_time_from_sec(30),
                                         .lease = apr_time_from_sec(25) };
    return subject;
}

typedef struct {
    apr_pool_t *pool;
    apr_time_t now;
    apr_uint16_t chance;
    struct {
        const char *url;
        mcp_answer_t answer;
    } places[8];
    int count;
    bool down; /* nothing answers */
    int rounds;
    int requests;
    const char *trace;      /* the URLs of the last round */
    unsigned reach;         /* of its last URL */
    const char *text;       /* of the issuer's keys */
    const mcp_jwks_t *keys; /* they themselves */
} world_t;

static inline mcp_answer_t *world_at(world_t *world, const char *url)
{
    for (int i = 0; i < world->count; i++) {
        if (strcmp(world->places[i].url, url) == 0) {
            return &world->places[i].answer;
        }
    }
    world->places[world->count].url = url;
    return &world->places[world->count++].answer;
}

/* What a URL answers from now on. */
static inline mcp_answer_t *world_put(world_t *world, const char *url, int status, const char *body)
{
    mcp_answer_t *answer = world_at(world, url);

    *answer = (mcp_answer_t){
        .status = status, .type = "application/json", .body = mcp_view_of(body), .reach = MCP_REACH_PUBLIC
    };
    return answer;
}

static inline mcp_answer_t world_get(const world_t *world, const char *url)
{
    for (int i = 0; !world->down && i < world->count; i++) {
        if (strcmp(world->places[i].url, url) == 0) {
            return world->places[i].answer;
        }
    }
    return (mcp_answer_t){ .status = world->down ? 0 : 404, .problem = world->down ? "Connection refused" : NULL };
}

/* What the keys of a round mean for those who verify. */
static inline void world_publish(world_t *world, const mcp_issuer_round_t *round)
{
    mcp_keysets_t sets = mcp_issuer_keys(round, world->text, world->pool);
    mcp_jwks_t *keys = mcp_jwk_set(world->pool);

    world->text = mcp_keysets_text(&sets, world->pool);
    if (!mcp_keysets_add(keys, mcp_view_of(world->text), NULL) || keys->count != mcp_keysets_count(&sets)) {
        abort();
    }
    world->keys = keys;
}

/* Make the round that the issuer has given out. True when the issuer took its keys. */
static inline bool world_round(world_t *world, subject_t *issuer, const mcp_log_t *log)
{
    apr_pool_t *pool;
    mcp_issuer_round_t round;
    const char *url;
    unsigned reach;
    bool taken;

    apr_pool_create(&pool, world->pool);
    if (!issuer->state.fetching) { /* nobody has asked */
        issuer->state.fetching = true;
        issuer->state.round++;
    }
    round = mcp_issuer_begin(&issuer->state, &issuer->plan, world->now, pool);
    world->rounds++;
    world->trace = "";
    while ((url = mcp_gather_next(&reach, round.gather)) != NULL) {
        mcp_answer_t answer = world_get(world, url);

        world->requests++;
        world->reach = reach;
        world->trace = apr_pstrcat(pool, world->trace, *world->trace ? " " : "", url, NULL);
        mcp_gather_deliver(round.gather, &answer, log);
    }
    world->trace = apr_pstrdup(world->pool, world->trace);
    if ((taken = mcp_issuer_end(&issuer->state, &issuer->plan, &round,
                                (mcp_issuer_moment_t){ world->now, world->chance }, log))) {
        world_publish(world, &round);
    }
    apr_pool_destroy(pool);
    return taken;
}

/* Ask, and make the round if that is the advice. */
static inline mcp_issuer_advice_t world_ask(world_t *world, subject_t *issuer, mcp_issuer_need_t need,
                                            const mcp_log_t *log)
{
    mcp_issuer_advice_t advice = mcp_issuer_ask(&issuer->state, &issuer->plan, need, world->now, log);

    if (advice == MCP_ISSUER_FETCH) {
        world_round(world, issuer, log);
    }
    return advice;
}

#endif
