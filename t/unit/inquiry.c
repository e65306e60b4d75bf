/* F-14. Who asks about a token, on a simulated clock. */
#include "../../src/core/inquiry.h"

#include <stdlib.h>

#include "../lib/tap.h"

#define SECOND APR_TIME_C(1000000)
#define LEASE (5 * SECOND)
#define START (1000 * SECOND)

static mcp_inquiry_id_t id_of(int number)
{
    mcp_inquiry_id_t id = { { 0 } };

    id.bytes[0] = (unsigned char)(number >> 8);
    id.bytes[1] = (unsigned char)number;
    id.bytes[15] = (unsigned char)(number >> 16);
    return id;
}

static mcp_inquiry_advice_t begin(mcp_inquiry_t *inquiry, int number, apr_time_t now)
{
    mcp_inquiry_id_t id = id_of(number);

    return mcp_inquiry_begin(inquiry, &id, now, LEASE);
}

static void end(mcp_inquiry_t *inquiry, int number, mcp_inquiry_outcome_t outcome, apr_time_t now)
{
    mcp_inquiry_id_t id = id_of(number);

    mcp_inquiry_end(inquiry, &id, outcome, now);
}

static void test_one_at_a_time(mcp_inquiry_t *inquiry)
{
    is_int(begin(inquiry, 1, START), MCP_INQUIRY_ASK, "the first asks");
    is_int(begin(inquiry, 1, START), MCP_INQUIRY_WAIT, "the next waits");
    is_int(begin(inquiry, 2, START), MCP_INQUIRY_ASK, "another token is another question");
    end(inquiry, 1, MCP_INQUIRY_ACTIVE, START);
    is_int(begin(inquiry, 1, START), MCP_INQUIRY_ASK, "when it is over, the next may ask");
    is_int(begin(inquiry, 1, START + LEASE - 1), MCP_INQUIRY_WAIT, "who goes without an end");
    is_int(begin(inquiry, 1, START + LEASE), MCP_INQUIRY_ASK, "is not waited for for ever");
    end(inquiry, 1, MCP_INQUIRY_BAD_ANSWER, START + LEASE);
    is_int(begin(inquiry, 1, START + LEASE), MCP_INQUIRY_ASK, "a bad answer is no answer about the token");
    is_int(begin(inquiry, 3, START + LEASE), MCP_INQUIRY_ASK, "nor about others");
}

static void test_inactive(mcp_inquiry_t *inquiry)
{
    apr_time_t over = START + MCP_LIMIT_INACTIVE_AGE * SECOND;

    begin(inquiry, 1, START);
    end(inquiry, 1, MCP_INQUIRY_NOT_ACTIVE, START);
    is_int(begin(inquiry, 1, over - 1), MCP_INQUIRY_INACTIVE, "what was not active is not asked again");
    is_int(begin(inquiry, 1, over), MCP_INQUIRY_ASK, "for a while");
    end(inquiry, 1, MCP_INQUIRY_NOT_ACTIVE, START);
    is_int(begin(inquiry, 1 + (1 << 16), START), MCP_INQUIRY_ASK,
           "another token in the same place is not taken for it");
    end(inquiry, 1 + (1 << 16), MCP_INQUIRY_NOT_ACTIVE, START);
    is_int(begin(inquiry, 1 + (1 << 16), START), MCP_INQUIRY_INACTIVE, "it takes the place over");
    is_int(begin(inquiry, 1, START), MCP_INQUIRY_ASK, "and the first one is asked again, no more");
}

static void test_limit(mcp_inquiry_t *inquiry)
{
    int asked = 0;

    for (int i = 0; i < 1000; i++) {
        asked += begin(inquiry, i, START) == MCP_INQUIRY_ASK;
    }
    is_int(asked, MCP_LIMIT_INQUIRIES - MCP_LIMIT_INQUIRIES_KEPT, "so many at a time");
    is_int(begin(inquiry, 999, START), MCP_INQUIRY_BUSY, "and no more");
    is_int(begin(inquiry, 0, START), MCP_INQUIRY_WAIT, "those that are asked can be waited for");
    end(inquiry, 0, MCP_INQUIRY_ACTIVE, START);
    is_int(begin(inquiry, 999, START), MCP_INQUIRY_ASK, "one that ends makes room");
    is_int(begin(inquiry, 5000, START + LEASE), MCP_INQUIRY_ASK, "and so does one that is given up");
}

/* A flood of tokens that nobody knows leaves room for those that were good. */
static void test_kept(mcp_inquiry_t *inquiry)
{
    int asked = 0;

    for (int i = 0; i < 100; i++) {
        begin(inquiry, i, START);
        end(inquiry, i, MCP_INQUIRY_ACTIVE, START);
    }
    for (int i = 1000; i < 2000; i++) {
        begin(inquiry, i, START);
    }
    for (int i = 0; i < 100; i++) {
        asked += begin(inquiry, i, START) == MCP_INQUIRY_ASK;
    }
    is_int(asked, MCP_LIMIT_INQUIRIES_KEPT, "known tokens get through a flood");
    is_int(begin(inquiry, 3000, START), MCP_INQUIRY_BUSY, "unknown ones do not");
    is_int(begin(inquiry, 0, START + MCP_LIMIT_ACTIVE_AGE * SECOND), MCP_INQUIRY_ASK, "later all are alike");
}

static void test_lease(mcp_inquiry_t *inquiry)
{
    mcp_inquiry_id_t id = id_of(1);
    apr_time_t first;

    is_int(mcp_inquiry_lease(inquiry, &id, START), 0, "nobody asks");
    begin(inquiry, 1, START);
    first = mcp_inquiry_lease(inquiry, &id, START + 1);
    ok(first > START, "somebody does");
    end(inquiry, 1, MCP_INQUIRY_BAD_ANSWER, START + 2);
    begin(inquiry, 1, START + 3);
    ok(mcp_inquiry_lease(inquiry, &id, START + 4) != first, "somebody else");
}

static void test_outage(mcp_inquiry_t *inquiry)
{
    static const int pauses[] = { 1, 2, 4, 8, 8, 8, 8 };
    apr_time_t now = START;

    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        is_int(begin(inquiry, (int)i, now), MCP_INQUIRY_ASK, "attempt %d", (int)i);
        is_int(begin(inquiry, 100, now), MCP_INQUIRY_ASK, "and another at the same time");
        end(inquiry, (int)i, MCP_INQUIRY_NO_ANSWER, now);
        end(inquiry, 100, MCP_INQUIRY_NO_ANSWER, now);
        is_int(begin(inquiry, 200, now + pauses[i] * SECOND - 1), MCP_INQUIRY_DOWN, "then none for %d s", pauses[i]);
        now += pauses[i] * SECOND;
    }
    is_int(begin(inquiry, 1, now), MCP_INQUIRY_ASK, "the next");
    end(inquiry, 1, MCP_INQUIRY_ACTIVE, now);
    is_int(begin(inquiry, 2, now), MCP_INQUIRY_ASK, "is answered, and all is as before");
    end(inquiry, 2, MCP_INQUIRY_NO_ANSWER, now);
    is_int(begin(inquiry, 3, now + SECOND), MCP_INQUIRY_ASK, "with a first pause of a second");
}

int main(void)
{
    static void (*const tests[])(mcp_inquiry_t *) = { test_one_at_a_time, test_inactive, test_limit,
                                                      test_kept,          test_lease,    test_outage };

    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        mcp_inquiry_t *inquiry = calloc(1, sizeof(*inquiry));

        tests[i](inquiry);
        free(inquiry);
    }
    return done_testing();
}
