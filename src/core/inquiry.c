#include "inquiry.h"

static bool is_id(const mcp_inquiry_note_t *note, const mcp_inquiry_id_t *id)
{
    return memcmp(note->id.bytes, id->bytes, sizeof(id->bytes)) == 0;
}

/* The place that a token has in a table: its own, or another one's that it takes over. */
static mcp_inquiry_note_t *place_of(mcp_inquiry_note_t table[], const mcp_inquiry_id_t *id)
{
    unsigned place = (unsigned)id->bytes[0] << 8 | id->bytes[1];

    return &table[place % MCP_LIMIT_INACTIVE];
}

static bool is_noted(const mcp_inquiry_note_t *note, const mcp_inquiry_id_t *id, apr_time_t now)
{
    return now < note->until && is_id(note, id);
}

/* The note of an open question. NULL for none. */
static mcp_inquiry_note_t *find_open(mcp_inquiry_t *inquiry, const mcp_inquiry_id_t *id, apr_time_t now)
{
    for (int i = 0; i < MCP_LIMIT_INQUIRIES; i++) {
        if (now < inquiry->open[i].until && is_id(&inquiry->open[i], id)) {
            return &inquiry->open[i];
        }
    }
    return NULL;
}

/* A place to ask: for a token that was good of late any, for others one that is not kept for those. */
static mcp_inquiry_note_t *find_free(mcp_inquiry_t *inquiry, const mcp_inquiry_id_t *id, apr_time_t now)
{
    bool known = is_noted(place_of(inquiry->active, id), id, now);

    for (int i = known ? 0 : MCP_LIMIT_INQUIRIES_KEPT; i < MCP_LIMIT_INQUIRIES; i++) {
        if (now >= inquiry->open[i].until) {
            return &inquiry->open[i];
        }
    }
    return NULL;
}

mcp_inquiry_advice_t mcp_inquiry_begin(mcp_inquiry_t *inquiry, const mcp_inquiry_id_t *id, apr_time_t now,
                                       apr_interval_time_t lease)
{
    mcp_inquiry_note_t *open;

    if (is_noted(place_of(inquiry->inactive, id), id, now)) {
        return MCP_INQUIRY_INACTIVE;
    }
    if (find_open(inquiry, id, now)) {
        return MCP_INQUIRY_WAIT;
    }
    if (inquiry->failures > 0 && now < inquiry->retry_at) {
        return MCP_INQUIRY_DOWN;
    }
    if ((open = find_free(inquiry, id, now)) == NULL) {
        return MCP_INQUIRY_BUSY;
    }
    *open = (mcp_inquiry_note_t){ *id, now + lease };
    return MCP_INQUIRY_ASK;
}

/* Many questions may fail at once for one reason: they are one failure. */
static void fail(mcp_inquiry_t *inquiry, apr_time_t now)
{
    int pause = inquiry->failures < 5 ? 1 << inquiry->failures : MCP_LIMIT_INQUIRY_PAUSE;

    if (inquiry->failures > 0 && now < inquiry->retry_at) {
        return;
    }
    inquiry->retry_at = now + apr_time_from_sec(pause < MCP_LIMIT_INQUIRY_PAUSE ? pause : MCP_LIMIT_INQUIRY_PAUSE);
    inquiry->failures += inquiry->failures < 5;
}

void mcp_inquiry_end(mcp_inquiry_t *inquiry, const mcp_inquiry_id_t *id, mcp_inquiry_outcome_t outcome, apr_time_t now)
{
    mcp_inquiry_note_t *open = find_open(inquiry, id, now);

    if (open) {
        open->until = 0;
    }
    if (outcome == MCP_INQUIRY_NO_ANSWER) {
        fail(inquiry, now);
        return;
    }
    inquiry->failures = 0;
    if (outcome == MCP_INQUIRY_NOT_ACTIVE) {
        *place_of(inquiry->inactive, id) = (mcp_inquiry_note_t){ *id, now + apr_time_from_sec(MCP_LIMIT_INACTIVE_AGE) };
    } else if (outcome == MCP_INQUIRY_ACTIVE) {
        *place_of(inquiry->active, id) = (mcp_inquiry_note_t){ *id, now + apr_time_from_sec(MCP_LIMIT_ACTIVE_AGE) };
    }
}

apr_time_t mcp_inquiry_lease(mcp_inquiry_t *inquiry, const mcp_inquiry_id_t *id, apr_time_t now)
{
    const mcp_inquiry_note_t *open = find_open(inquiry, id, now);

    return open ? open->until : 0;
}
