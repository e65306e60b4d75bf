/* alg.h - the signature algorithms this module knows, as bits of a set.
 * Not how they are verified (jws.c), nor which are allowed (the issuer's configuration and each key).
 */
#ifndef MCP_ALG_H
#define MCP_ALG_H

/* Signature algorithms (RFC 7518 3.1, RFC 8037 3.1), as bits of a set. */
typedef enum {
    MCP_RS256 = 1 << 0,
    MCP_RS384 = 1 << 1,
    MCP_RS512 = 1 << 2,
    MCP_PS256 = 1 << 3,
    MCP_PS384 = 1 << 4,
    MCP_PS512 = 1 << 5,
    MCP_ES256 = 1 << 6,
    MCP_ES384 = 1 << 7,
    MCP_ES512 = 1 << 8,
    MCP_EDDSA = 1 << 9,
    MCP_HS256 = 1 << 10,
    MCP_HS384 = 1 << 11,
    MCP_HS512 = 1 << 12
} mcp_alg_t;

#define MCP_ALGS_HMAC (MCP_HS256 | MCP_HS384 | MCP_HS512)
#define MCP_ALGS_PUBLIC (MCP_HS256 - 1)

#endif
