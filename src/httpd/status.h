/* status.h - the section of mod_status: how each issuer is doing, for people and, with ?auto, for programs.
 * docs/operations.md says what each line means. Nothing of a token is here, and nothing is changed.
 */
#ifndef MCP_STATUS_H
#define MCP_STATUS_H

/* Register with mod_status, if that is loaded. */
void mcp_status_register(void);

#endif
