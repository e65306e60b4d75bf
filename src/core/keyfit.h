/* keyfit.h - whether a public key is fit to verify signatures, and by which algorithms (RFC 7518 3, RFC 8037).
 * Not where the key came from (jwk.h). Refuses what OpenSSL would take: short or endless moduli, e = 1, points off
 * the curve or of small order.
 */
#ifndef MCP_KEYFIT_H
#define MCP_KEYFIT_H

#include <openssl/evp.h>

/* Set *algs to what the key may verify (mcp_alg_t). Returns NULL, or why it is unfit in words that follow "it is left
 * out:". */
const char *mcp_keyfit_judge(unsigned *algs, EVP_PKEY *pkey);

#endif
