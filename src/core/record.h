/* record.h - an introspection answer as it lies in a cache that other people may read and write.
 * Not which cache that is, when to look, nor what the answer means. The token is never in a record.
 *
 * Whoever reads the cache learns a name that is the same for each use of one token, a length and times of storing; a
 * credential that can be guessed can be guessed from there by somebody who also has a token. Whoever writes can take
 * records away, and put a former record of the same token back until it ends; nothing else opens.
 */
#ifndef MCP_RECORD_H
#define MCP_RECORD_H

#include <apr_time.h>

#include "view.h"

/* What servers that may share records have in common. The caller wipes it with the configuration. */
typedef struct {
    unsigned char bytes[32];
} mcp_record_secret_t;

/* The strings that records must not be carried across (issuer, endpoint, client id), as one context of fixed length:
 * the same only when their number, their order and each of them are the same. False when no digest can be had. */
bool mcp_record_context(mcp_view_t *context, const mcp_view_t strings[], int count, apr_pool_t *pool);

/* Derive the secret (HKDF-SHA256, RFC 5869, without salt) from the credential that only the servers and the
 * authorization server know. False for a credential of no bytes, which everybody knows. *secret is then untouched. */
bool mcp_record_derive(mcp_record_secret_t *secret, mcp_view_t credential, mcp_view_t context);

/* Where the record of one token lies, and the key that opens it, which the secret alone does not give. Wiped by the
 * caller. */
typedef struct {
    unsigned char id[32]; /* the name in the cache */
    unsigned char key[32];
} mcp_record_place_t;

/* The place of a token. False when it cannot be had; *place is then untouched. */
bool mcp_record_place(mcp_record_place_t *place, const mcp_record_secret_t *secret, mcp_view_t token);

typedef struct {
    apr_time_t until;   /* wall clock: no longer valid then */
    apr_time_t made;    /* wall clock */
    mcp_view_t payload; /* JSON text of the answer */
} mcp_record_t;

#define MCP_RECORD_NONCE 12

/* Seal a record: a version byte, the nonce, then until, made and payload under AES-256-GCM, its tag; the version and
 * the id are authenticated with them. The nonce is random, new for each record. False when the result would be longer
 * than MCP_LIMIT_RECORD; *sealed is then untouched. */
bool mcp_record_seal(mcp_view_t *sealed, const mcp_record_t *record, const mcp_record_place_t *place,
                     const unsigned char nonce[MCP_RECORD_NONCE], apr_pool_t *pool);

typedef struct {
    apr_time_t now;              /* wall clock */
    apr_interval_time_t longest; /* from made to until; what is valid for longer was made under other settings */
} mcp_record_clock_t;

/* Open what was found at a place. False, and *record untouched, for whatever was not sealed for this very place, is
 * over, is valid for too long, or was made more than a minute in the future. The payload is in memory of the pool. */
bool mcp_record_open(mcp_record_t *record, mcp_view_t sealed, const mcp_record_place_t *place,
                     const mcp_record_clock_t *clock, apr_pool_t *pool);

#endif
