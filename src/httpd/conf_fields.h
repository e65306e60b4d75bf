/* conf_fields.h - every setting, one row each: type, name, value when not set, value that then counts.
 * conf.h makes the structs and accessors from it, conf.c create and merge: a set value wins over an inherited one, as
 * a whole. Not how the words are read (cmds.c).
 */
#ifndef MCP_CONF_FIELDS_H
#define MCP_CONF_FIELDS_H

/* Per directory: Location, Directory, If, .htaccess. */
#define MCP_DIR_FIELDS(X)                                          \
    X(const char *, resource, NULL, NULL)                          \
    X(apr_array_header_t *, audiences, NULL, NULL)                 \
    X(apr_array_header_t *, issuers, NULL, NULL)                   \
    X(apr_array_header_t *, implications, NULL, NULL)              \
    X(apr_array_header_t *, scopes_supported, NULL, NULL)          \
    X(json_t *, metadata, NULL, NULL)                              \
    X(apr_array_header_t *, challenge_params, NULL, NULL)          \
    X(apr_array_header_t *, origins, NULL, NULL)                   \
    X(apr_array_header_t *, forward_claims, NULL, NULL)            \
    X(int, forward_token, MCP_UNSET, 0)                            \
    X(apr_array_header_t *, operations, NULL, NULL)                \
    X(apr_int64_t, max_body, MCP_UNSET, 1048576)                   \
    X(int, batch, MCP_UNSET, 0)                                    \
    X(apr_interval_time_t, skew, MCP_UNSET, apr_time_from_sec(30)) \
    X(int, error_body, MCP_UNSET, MCP_ERROR_BODY_JSONRPC)          \
    X(int, mode, MCP_UNSET, MCP_MODE_ENFORCE)

/* One authorization server; at server level the same rows are the defaults for all of that server's. */
#define MCP_ISSUER_FIELDS(X)                      \
    X(unsigned, algorithms, 0, MCP_ALGS_PUBLIC)   \
    X(int, format, MCP_UNSET, MCP_FORMAT_AUTO)    \
    X(int, typed, MCP_UNSET, 0)                   \
    X(const mcp_profile_t *, profile, NULL, NULL) \
    X(apr_array_header_t *, scope, NULL, NULL)    \
    X(apr_array_header_t *, role, NULL, NULL)     \
    X(apr_array_header_t *, user, NULL, NULL)     \
    X(apr_array_header_t *, client, NULL, NULL)   \
    X(apr_array_header_t *, audience, NULL, NULL) \
    X(const char *, scope_prefix, NULL, NULL)

/* Server and virtual host. */
#define MCP_SERVER_FIELDS(X)                                           \
    X(apr_array_header_t *, issuers, NULL, NULL)                       \
    X(apr_array_header_t *, allow_http, NULL, NULL)                    \
    X(apr_interval_time_t, timeout, MCP_UNSET, apr_time_from_sec(5))   \
    X(apr_interval_time_t, refresh, MCP_UNSET, apr_time_from_sec(300)) \
    X(apr_interval_time_t, throttle, MCP_UNSET, apr_time_from_sec(30)) \
    X(apr_int64_t, token_cache, MCP_UNSET, 8388608)                    \
    X(const char *, proxy, NULL, NULL)                                 \
    X(int, mirror, MCP_UNSET, 0)                                       \
    X(mcp_cache_conf_t *, cache, NULL, NULL)                           \
    X(const char *, state_dir, NULL, NULL)                             \
    X(const char *, ca_file, NULL, NULL)

#endif
