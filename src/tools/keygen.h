/* keygen.h - "mcp-token keygen": a key pair as private.pem and jwks.json in one directory, never over an existing one.
 * Not how keys are made and written (keys.h).
 */
#ifndef MCP_KEYGEN_H
#define MCP_KEYGEN_H

#include "args.h"

extern const mcp_args_option_t mcp_keygen_options[];

mcp_args_exit_t mcp_keygen_run(const mcp_args_t *args);

#endif
