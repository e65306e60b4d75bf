/* keys.h - private keys of the developer tool: made, written, read, and their public side as a JSON Web Key (RFC 7517).
 * Not which words the user gave. No function prints, and what it hands out besides the key itself is public.
 */
#ifndef MCP_KEYS_H
#define MCP_KEYS_H

#include <apr_errno.h>
#include <jansson.h>
#include <openssl/evp.h>

#include "../core/view.h"

/* Make a key for RS256 (RSA of 2048 bits) or ES256 (P-256); it dies with the pool. APR_ENOTIMPL for another name. */
apr_status_t mcp_keys_make(EVP_PKEY **key, const char *alg, apr_pool_t *pool);

/* The key as PEM (PKCS #8), wiped with the pool. */
apr_status_t mcp_keys_pem(mcp_view_t *pem, EVP_PKEY *key, apr_pool_t *pool);

/* The members of the public key that its thumbprint covers, in their order (RFC 7638 3.2); it dies with the pool.
 * NULL for anything but RSA and EC on P-256, P-384 and P-521. */
json_t *mcp_keys_public(const EVP_PKEY *key, apr_pool_t *pool);

/* The SHA-256 thumbprint of these members, base64url (RFC 7638 3). */
const char *mcp_keys_thumbprint(const json_t *members, apr_pool_t *pool);

/* Read a file that holds a private key, wiped with the pool. *problem says what is wrong with it in words that end a sentence
 * beginning with its name, and is NULL when all is well. */
void mcp_keys_read(const char **problem, mcp_view_t *pem, const char *file, apr_pool_t *pool);

/* Create a file that must not exist yet, with these permissions, and fill it; what was written of it goes when that fails. */
apr_status_t mcp_keys_write(const char *file, apr_int32_t permissions, mcp_view_t bytes, apr_pool_t *pool);

#endif
