/* The life of an issuer on a simulated clock: what to do, at which second, through outages of days. */
#include <apr_general.h>
#include <unistd.h>

#include "../lib/notebook.h"
#include "../lib/signer.h"
#include "../lib/tap.h"
#include "../lib/world.h"

#define URL "https://as.example/keys"
#define OTHER "https://as.example/more"
#define SECOND APR_TIME_C(1000000)
#define DAY (86400 * SECOND)
#define REFRESH (300 * SECOND)
#define THROTTLE (30 * SECOND)

static const char *keys_a, *keys_b, *keys_c;

static subject_t *make_issuer(const char *url1, const char *url2, apr_pool_t *pool)
{
    apr_array_header_t *urls = apr_array_make(pool, 2, sizeof(const char *));
    mcp_gather_source_t source = { .issuer = "https://as.example", .key_urls = urls };

    APR_ARRAY_PUSH(urls, const char *) = url1;
    if (url2) {
        APR_ARRAY_PUSH(urls, const char *) = url2;
    }
    return world_subject(&source, false, pool);
}

static mcp_issuer_advice_t ask(subject_t *issuer, mcp_issuer_need_t need, apr_time_t now, const mcp_log_t *log)
{
    return mcp_issuer_ask(&issuer->state, &issuer->plan, need, now, log);
}

static bool end(subject_t *issuer, const mcp_issuer_round_t *round, apr_time_t now, const mcp_log_t *log)
{
    return mcp_issuer_end(&issuer->state, &issuer->plan, round, (mcp_issuer_moment_t){ now, 0 }, log);
}

static world_t make_world(apr_pool_t *pool, apr_time_t now)
{
    world_t world = { .pool = pool, .now = now, .trace = "" };

    world_put(&world, URL, 200, keys_a);
    world_put(&world, OTHER, 200, keys_b);
    return world;
}

static void test_first(apr_pool_t *pool, apr_time_t start)
{
    world_t world = make_world(pool, start);
    subject_t *issuer = make_issuer(URL, NULL, pool);
    mcp_log_t log = notebook_open();

    ok(!mcp_issuer_is_usable(&issuer->state, start) && !mcp_issuer_is_whole(&issuer->state, &issuer->plan, start),
       "nothing at first");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, start, &log), MCP_ISSUER_FETCH, "the first one fetches");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, start, &log), MCP_ISSUER_WAIT, "the next one waits");
    is_int(ask(issuer, MCP_ISSUER_DOUBT, start + 1, &log), MCP_ISSUER_WAIT, "in doubt as well");
    ok(world_round(&world, issuer, &log), "keys come");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, start, &log), MCP_ISSUER_USE, "and are used");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, start + REFRESH - 1, &log), MCP_ISSUER_USE, "until stale");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, start + REFRESH, &log), MCP_ISSUER_FETCH, "then one fetches");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, start + REFRESH, &log), MCP_ISSUER_USE, "while others go on");
    is_int(ask(issuer, MCP_ISSUER_DOUBT, start + REFRESH, &log), MCP_ISSUER_WAIT, "and those in doubt wait for it");
    world.now = start + REFRESH;
    world_put(&world, URL, 200, keys_b);
    ok(world_round(&world, issuer, &log), "new keys come");
    is_str(world.keys->keys[0].kid, "b", "and the withdrawn one is gone");
    is_int(world.keys->count, 1, "they are all");
}

/* Three days without the authorization server, a token every second. */
static void test_outage(apr_pool_t *pool, apr_time_t start)
{
    world_t world = make_world(pool, start);
    subject_t *issuer = make_issuer(URL, NULL, pool);
    mcp_log_t log = notebook_open();
    apr_time_t last_served = 0, last_round = 0, longest = 0;
    int rounds_in_first_minute = 0;

    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    world.down = true;
    for (world.now = start; world.now < start + 3 * DAY; world.now += SECOND) {
        int before = world.rounds;
        mcp_issuer_advice_t advice = world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);

        if (advice == MCP_ISSUER_USE ||
            (advice == MCP_ISSUER_FETCH && mcp_issuer_is_usable(&issuer->state, world.now))) {
            last_served = world.now;
        }
        if (world.rounds > before) {
            longest = last_round && world.now - last_round > longest ? world.now - last_round : longest;
            last_round = world.now;
            rounds_in_first_minute += world.now < start + REFRESH + 60 * SECOND;
        }
    }
    is_int((last_served - start) / SECOND, 86399, "old keys serve for a day, to the second");
    is_int(rounds_in_first_minute, 6, "six attempts in the first minute, after 0, 1, 3, 7, 15 and 31 s");
    is_int(longest / SECOND, 60, "later one every minute");
    ok(world.rounds < 3 * 1440 + 10, "%d attempts in three days", world.rounds);
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, world.now - SECOND, &log), MCP_ISSUER_DOWN, "then it is down");
    is_int(ask(issuer, MCP_ISSUER_DOUBT, world.now - SECOND, &log), MCP_ISSUER_DOWN, "in doubt as well");

    world.down = false;
    world.now += 60 * SECOND;
    is_int(world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log), MCP_ISSUER_FETCH, "when it is back");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, world.now, &log), MCP_ISSUER_USE, "so are the keys");
    ok(mcp_issuer_is_whole(&issuer->state, &issuer->plan, world.now), "all of them");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, world.now + REFRESH, &log), MCP_ISSUER_FETCH,
           "and the pauses are forgotten");
}

/* Down from the start: one attempt, a pause, and never an answer that there are keys. */
static void test_cold_outage(apr_pool_t *pool)
{
    world_t world = make_world(pool, 0);
    subject_t *issuer = make_issuer(URL, NULL, pool);
    mcp_log_t log = notebook_open();
    int used = 0;

    notebook_clear();
    world.down = true;
    for (world.now = 0; world.now < DAY; world.now += SECOND) {
        used += world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log) == MCP_ISSUER_USE;
    }
    is_int(used, 0, "no keys in a day without them");
    ok(world.rounds > 1400 && world.rounds < 1450, "%d attempts", world.rounds);
    is_int(notebook_count("error MCP0104"), world.rounds, "each is one error line");
    is_int(notebook.lines, world.rounds, "and no other");
    world.down = false;
    world.now += 60 * SECOND;
    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    is_int(notebook_count("info MCP0105"), 1, "recovery is in the log");
}

/* 10,000 tokens with unknown keys within 100 seconds. */
static void test_flood(apr_pool_t *pool)
{
    world_t world = make_world(pool, 0);
    subject_t *issuer = make_issuer(URL, NULL, pool);
    mcp_log_t log = notebook_open();
    int held_up = 0;

    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    notebook_clear();
    for (int i = 0; i < 10000; i++) {
        world.now += SECOND / 100;
        world_ask(&world, issuer, MCP_ISSUER_DOUBT, &log);
        held_up += ask(issuer, MCP_ISSUER_ROUTINE, world.now, &log) != MCP_ISSUER_USE;
    }
    is_int(world.rounds, 1 + 4, "four fetches: at once, and after 30, 60 and 90 s");
    is_int(held_up, 0, "good tokens have not noticed");
    is_int(notebook_count("MCP0102"), 4, "each fetch is in the log");
    is_int(notebook_count("MCP0101"), 4, "and the throttle once for each");
    world.down = true;
    world.now += THROTTLE;
    for (int i = 0; i < 10000; i++) {
        world.now += SECOND / 100;
        world_ask(&world, issuer, MCP_ISSUER_DOUBT, &log);
    }
    is_int(world.rounds, 1 + 4 + 4, "no more of them when they fail");
}

/* A new key is there within one fetch, for a token as well as for the next but one 30 s later. */
static void test_rotation(apr_pool_t *pool)
{
    world_t world = make_world(pool, 0);
    subject_t *issuer = make_issuer(URL, NULL, pool);
    mcp_log_t log = notebook_open();

    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    world.now = 5 * SECOND;
    world_put(&world, URL, 200, keys_b);
    is_int(world_ask(&world, issuer, MCP_ISSUER_DOUBT, &log), MCP_ISSUER_FETCH, "the first doubt is followed at once");
    is_str(world.keys->keys[0].kid, "b", "and the new key is there");
    world_put(&world, URL, 200, keys_a);
    world.now = 5 * SECOND + THROTTLE - 1;
    is_int(world_ask(&world, issuer, MCP_ISSUER_DOUBT, &log), MCP_ISSUER_USE, "a second one only after 30 s");
    world.now++;
    is_int(world_ask(&world, issuer, MCP_ISSUER_DOUBT, &log), MCP_ISSUER_FETCH, "then it is");
    is_str(world.keys->keys[0].kid, "a", "and finds what is there by then");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, world.now + REFRESH - 1, &log), MCP_ISSUER_USE,
           "such a fetch is a refresh, too");
}

/* Answers that hold no usable key: the old keys stay. */
static void test_bad_answers(apr_pool_t *pool)
{
    static const struct {
        int status;
        const char *type, *body;
    } rows[] = { { 200, "application/json", "{\"keys\":[]}" },
                 { 200, "application/json", "{}" },
                 { 200, "application/json", "[]" },
                 { 200, "application/json", "\"x\"" },
                 { 200, "application/json", "null" },
                 { 200, "application/json", "" },
                 { 200, "application/json", "{\"keys\":[{\"kty\":\"RSA\"" },
                 { 200, "application/json", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}" },
                 { 200, "application/json", "{\"keys\":[],\"keys\":[]}" },
                 { 200, "application/json", "\x1f\x8b\x08garbage" },
                 { 200, "text/html", NULL },
                 { 204, NULL, "" },
                 { 301, "application/json", NULL },
                 { 404, "application/json", NULL },
                 { 429, "application/json", NULL },
                 { 500, "application/json", NULL } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world_t world = make_world(pool, 0);
        subject_t *issuer = make_issuer(URL, NULL, pool);
        mcp_log_t log = notebook_open();

        world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
        world_put(&world, URL, rows[i].status, rows[i].body ? rows[i].body : keys_b)->type = rows[i].type;
        world.now = REFRESH;
        notebook_clear();
        is_int(world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log), MCP_ISSUER_FETCH, "status %d: %s", rows[i].status,
               rows[i].body ? rows[i].body : "good keys");
        is_str(world.keys->keys[0].kid, "a", "the old keys stay");
        is_int(ask(issuer, MCP_ISSUER_ROUTINE, world.now, &log), MCP_ISSUER_USE, "and are used");
        is_int(notebook_count("warn MCP0103"), 1, "with a warning");
    }
}

/* The kids of the keys at hand. */
static const char *kids(const world_t *world)
{
    const char *all = "";

    for (int i = 0; i < world->keys->count; i++) {
        all = apr_pstrcat(world->pool, all, world->keys->keys[i].kid, NULL);
    }
    return all;
}

/* One of two key URLs fails: half the keys are better than none, and never take the place of all. */
static void test_half(apr_pool_t *pool)
{
    world_t world = make_world(pool, 0);
    subject_t *issuer = make_issuer(URL, OTHER, pool);
    mcp_log_t log = notebook_open();

    world_put(&world, OTHER, 500, "");
    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, 0, &log), MCP_ISSUER_USE, "half the keys are used");
    is_int(world.keys->count, 1, "as they are");
    ok(mcp_issuer_is_usable(&issuer->state, 0) && !mcp_issuer_is_whole(&issuer->state, &issuer->plan, 0),
       "but not for the whole");
    world.now = 2 * SECOND;
    world_put(&world, OTHER, 200, keys_b);
    is_int(world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log), MCP_ISSUER_FETCH, "the rest is fetched soon");
    is_int(world.keys->count, 2, "and there");
    ok(mcp_issuer_is_whole(&issuer->state, &issuer->plan, world.now), "now they are the whole");
    world.now += REFRESH;
    world_put(&world, URL, 500, "");
    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    is_int(world.keys->count, 2, "half never replaces all");
    ok(mcp_issuer_is_whole(&issuer->state, &issuer->plan, world.now), "which stay the whole");
}

/* One of two key URLs is away for days, a look every second: what it gave serves for a day, what the other one gives counts
 * all the while, and the round has failed nevertheless. */
static void test_dead_url(apr_pool_t *pool)
{
    world_t world = make_world(pool, 0);
    subject_t *issuer = make_issuer(URL, OTHER, pool);
    mcp_log_t log = notebook_open();
    apr_time_t gone = 0;

    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    is_str(kids(&world), "ab", "keys of two URLs");
    world_put(&world, URL, 500, "");
    world_put(&world, OTHER, 200, keys_c);
    world.now = REFRESH;
    notebook_clear();
    is_int(world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log), MCP_ISSUER_FETCH, "one dies, the other rotates");
    is_str(kids(&world), "ac", "the new key counts, the withdrawn one does not, those of the dead URL stay");
    is_int(notebook_count("warn MCP0103"), 1, "the round has failed");
    is_int(notebook_count("those of 300 s ago serve, next attempt after 1 s; " URL ": status 500"), 1,
           "the age is that of the oldest");
    ok(mcp_issuer_is_whole(&issuer->state, &issuer->plan, world.now), "they are the whole");
    is_int(mcp_issuer_times(&issuer->state, &issuer->plan).usable_until, REFRESH + DAY, "usable as long as the newest");
    is_int(mcp_issuer_times(&issuer->state, &issuer->plan).oldest, 0, "and as old as the oldest");
    is_int(ask(issuer, MCP_ISSUER_DOUBT, world.now + SECOND - 1, &log), MCP_ISSUER_USE, "there is a pause");
    world_put(&world, OTHER, 200, keys_b);
    for (world.now += SECOND; world.now < 2 * DAY; world.now += SECOND) {
        world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
        gone = !gone && !strchr(kids(&world), 'a') ? world.now : gone;
    }
    is_str(kids(&world), "b", "the living URL is listened to");
    ok(gone >= DAY && gone <= DAY + MCP_LIMIT_BACKOFF * SECOND, "keys of the dead one go after a day and %d s",
       (int)((gone - DAY) / SECOND));
    ok(mcp_issuer_is_usable(&issuer->state, world.now) &&
           !mcp_issuer_is_whole(&issuer->state, &issuer->plan, world.now),
       "then they are not the whole any more");
    world_put(&world, URL, 200, keys_c);
    world.now += MCP_LIMIT_BACKOFF * SECOND;
    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    is_str(kids(&world), "cb", "when it is back, so are its keys, in their place");
    ok(mcp_issuer_is_whole(&issuer->state, &issuer->plan, world.now), "and all is well");
}

/* Both go, one after the other: the keys of each end by themselves. */
static void test_two_dead_urls(apr_pool_t *pool)
{
    world_t world = make_world(pool, 0);
    subject_t *issuer = make_issuer(URL, OTHER, pool);
    mcp_log_t log = notebook_open();
    apr_time_t last = 0;

    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    world_put(&world, URL, 500, "");
    for (world.now = SECOND; world.now < 3 * DAY; world.now += SECOND) {
        if (world.now == DAY / 2) {
            world.down = true;
        }
        world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
        if (world.now == DAY + 100 * SECOND) {
            is_str(kids(&world), "b", "the first ones are gone, though no URL answers");
        }
        last = mcp_issuer_is_usable(&issuer->state, world.now) ? world.now : last;
    }
    ok(last < DAY / 2 + DAY && last > DAY / 2 + DAY - (MCP_LIMIT_BACKOFF + 1) * SECOND, "the others half a day later");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, issuer->state.retry_at - 1, &log), MCP_ISSUER_DOWN, "then there are none");
}

/* A round whose time ran out before its end counts as half of one. */
static void test_cut_round(apr_pool_t *pool)
{
    world_t world = make_world(pool, 0);
    subject_t *issuer = make_issuer(URL, OTHER, pool);
    mcp_log_t log = notebook_open();
    mcp_answer_t answer = world_get(&world, URL);
    mcp_issuer_round_t round;

    ask(issuer, MCP_ISSUER_ROUTINE, 0, &log);
    round = mcp_issuer_begin(&issuer->state, &issuer->plan, 0, pool);
    ok(!end(issuer, &round, 0, &log), "a round that did not begin brings nothing");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, 0, &log), MCP_ISSUER_DOWN, "and has to pause");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, SECOND, &log), MCP_ISSUER_FETCH, "for a second");
    round = mcp_issuer_begin(&issuer->state, &issuer->plan, SECOND, pool);
    mcp_gather_deliver(round.gather, &answer, &log);
    ok(end(issuer, &round, SECOND, &log), "one that got halfway brings half");
    ok(!mcp_issuer_is_whole(&issuer->state, &issuer->plan, SECOND), "and is not the whole");
    mcp_gather_deliver(round.gather, &answer, &log);
    mcp_gather_deliver(round.gather, &answer, &log);
    is_int(mcp_keysets_numbers(&mcp_gather_result(round.gather)->sets), 3, "what comes after the end is not taken");
}

/* A process that goes in the middle of its round is not waited for, and not listened to when it was only slow. */
static void test_lost_round(apr_pool_t *pool)
{
    world_t world = make_world(pool, 0);
    subject_t *issuer = make_issuer(URL, NULL, pool);
    mcp_log_t log = notebook_open();
    mcp_answer_t answer = world_get(&world, URL);
    apr_time_t lost = issuer->plan.lease;
    mcp_issuer_round_t slow, quick;

    is_int(ask(issuer, MCP_ISSUER_DEMAND, 0, &log), MCP_ISSUER_FETCH, "a round");
    slow = mcp_issuer_begin(&issuer->state, &issuer->plan, 0, pool);
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, lost - 1, &log), MCP_ISSUER_WAIT, "is waited for");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, lost, &log), MCP_ISSUER_FETCH, "until its time is over");
    quick = mcp_issuer_begin(&issuer->state, &issuer->plan, lost, pool);
    mcp_gather_deliver(slow.gather, &answer, &log);
    ok(!end(issuer, &slow, lost, &log), "what it brings afterwards does not count");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, lost, &log), MCP_ISSUER_WAIT, "and does not end the other");
    mcp_gather_deliver(quick.gather, &answer, &log);
    ok(end(issuer, &quick, lost, &log), "which ends by itself");
    ok(!end(issuer, &quick, lost, &log), "once");
}

/* The background is never late by more than a pause of mod_watchdog; when it is, requests help themselves. */
static void test_demand(apr_pool_t *pool)
{
    world_t world = make_world(pool, 0);
    subject_t *issuer = make_issuer(URL, NULL, pool);
    mcp_log_t log = notebook_open();
    apr_time_t late = REFRESH + apr_time_from_sec(MCP_LIMIT_OVERDUE);

    is_int(mcp_issuer_times(&issuer->state, &issuer->plan).usable_until, 0, "no keys at first");
    is_int(world_ask(&world, issuer, MCP_ISSUER_DEMAND, &log), MCP_ISSUER_FETCH, "a request may be the first");
    is_int(mcp_issuer_times(&issuer->state, &issuer->plan).usable_until, DAY, "keys for a day");
    is_int(mcp_issuer_times(&issuer->state, &issuer->plan).due_at, REFRESH, "to be refreshed then");
    is_int(ask(issuer, MCP_ISSUER_DEMAND, late - 1, &log), MCP_ISSUER_USE, "requests leave that to the background");
    is_int(ask(issuer, MCP_ISSUER_DEMAND, late, &log), MCP_ISSUER_FETCH, "for a while");
    is_int(ask(issuer, MCP_ISSUER_DEMAND, late, &log), MCP_ISSUER_USE, "one of them");
    is_int(mcp_issuer_times(&issuer->state, &issuer->plan).due_at, late + issuer->plan.lease,
           "nobody asks while that one does");
}

/* Cache-Control shortens the interval, within reason; chance spreads it; nothing makes it longer. */
static void test_intervals(apr_pool_t *pool)
{
    static const struct {
        apr_interval_time_t max_age;
        apr_uint16_t chance;
        apr_time_t due;
    } rows[] = { { 0, 0, 300 * SECOND },
                 { 1, 0, 60 * SECOND },
                 { 59 * SECOND, 0, 60 * SECOND },
                 { 61 * SECOND, 0, 61 * SECOND },
                 { 300 * SECOND, 0, 300 * SECOND },
                 { 86400 * SECOND, 0, 300 * SECOND },
                 { APR_INT64_MAX, 0, 300 * SECOND },
                 { 0, 32768, 285 * SECOND },
                 { 0, 65535, 270 * SECOND },
                 { 100 * SECOND, 65535, 90 * SECOND } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world_t world = make_world(pool, 0);
        subject_t *issuer = make_issuer(URL, OTHER, pool);
        mcp_log_t log = notebook_open();

        world.chance = rows[i].chance;
        world_at(&world, OTHER)->max_age = rows[i].max_age;
        world_at(&world, URL)->max_age = i % 2 ? 86400 * SECOND : 0;
        world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
        is_int(mcp_issuer_times(&issuer->state, &issuer->plan).due_at / SECOND, rows[i].due / SECOND, "row %d", (int)i);
    }
}

/* Retry-After makes a pause longer, within reason, and never shorter. */
static void test_retry_after(apr_pool_t *pool)
{
    static const int rows[][2] = { { 0, 1 }, { 1, 1 }, { 30, 30 }, { 600, 600 }, { 86400, 600 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world_t world = make_world(pool, 0);
        subject_t *issuer = make_issuer(URL, NULL, pool);
        mcp_log_t log = notebook_open();

        world_put(&world, URL, 429, "")->retry_after = apr_time_from_sec(rows[i][0]);
        world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
        is_int(mcp_issuer_times(&issuer->state, &issuer->plan).due_at / SECOND, rows[i][1], "Retry-After: %d",
               rows[i][0]);
        is_int(mcp_issuer_times(&issuer->state, &issuer->plan).doubt_from / SECOND, rows[i][1], "doubts wait as well");
    }
}

/* What an earlier run has left, and what a configuration hands to the next. */
static void test_inheritance(apr_pool_t *pool)
{
    world_t world = make_world(pool, 10 * SECOND);
    subject_t *issuer = make_issuer(URL, NULL, pool), *heir = make_issuer(URL, NULL, pool);
    mcp_log_t log = notebook_open();

    mcp_issuer_restore(&issuer->state, &issuer->plan, 1, -1000 * SECOND);
    ok(mcp_issuer_is_usable(&issuer->state, 0) && mcp_issuer_is_whole(&issuer->state, &issuer->plan, 0),
       "keys of an earlier run serve, from before the machine was started");
    ok(!mcp_issuer_is_usable(&issuer->state, DAY - 1000 * SECOND), "for a day from when they were fetched");
    is_int(ask(issuer, MCP_ISSUER_DOUBT, 10 * SECOND, &log), MCP_ISSUER_FETCH, "but are fetched anew at once");
    mcp_issuer_succeed(&heir->state, &issuer->state, 10 * SECOND);
    is_int(ask(heir, MCP_ISSUER_ROUTINE, 10 * SECOND, &log), MCP_ISSUER_FETCH,
           "the heir of a round that is under way makes its own");
    world_round(&world, heir, &log);
    world.now += SECOND;
    is_int(world_ask(&world, heir, MCP_ISSUER_DOUBT, &log), MCP_ISSUER_FETCH, "a doubt");
    mcp_issuer_succeed(&issuer->state, &heir->state, world.now);
    is_int(ask(issuer, MCP_ISSUER_DOUBT, world.now + SECOND, &log), MCP_ISSUER_USE, "is remembered over restarts");
    is_int(ask(issuer, MCP_ISSUER_ROUTINE, world.now + SECOND, &log), MCP_ISSUER_USE, "as what is due");
    issuer = make_issuer(URL, OTHER, pool);
    mcp_issuer_restore(&issuer->state, &issuer->plan, 1, 0);
    ok(mcp_issuer_is_usable(&issuer->state, 0) && !mcp_issuer_is_whole(&issuer->state, &issuer->plan, 0),
       "keys of one URL of two are not the whole");
}

int main(void)
{
    apr_pool_t *pool;
    signer_t a, b, c;

    alarm(60);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    a = signer_make("a", pool);
    b = signer_make("b", pool);
    keys_a = signer_jwks(&a, pool);
    keys_b = signer_jwks(&b, pool);
    c = signer_make("c", pool);
    keys_c = signer_jwks(&c, pool);
    test_first(pool, 0);
    test_first(pool, 400 * DAY);
    test_outage(pool, 0);
    test_outage(pool, 7 * DAY);
    test_cold_outage(pool);
    test_flood(pool);
    test_rotation(pool);
    test_bad_answers(pool);
    test_half(pool);
    test_dead_url(pool);
    test_two_dead_urls(pool);
    test_cut_round(pool);
    test_lost_round(pool);
    test_demand(pool);
    test_intervals(pool);
    test_retry_after(pool);
    test_inheritance(pool);
    apr_terminate();
    return done_testing();
}
