/* limits.h - every cap of the protocol code: its name, its unit and why it is that large.
 * Not the limits an admin sets (those are directives).
 */
#ifndef MCP_LIMITS_H
#define MCP_LIMITS_H

/* Bytes of a token. Entra and Keycloak tokens with groups reach 8 KiB; httpd's own LimitRequestFieldSize is 8190. */
#define MCP_LIMIT_TOKEN 16384

/* Bytes of a decoded JOSE header. A header with an x5c chain is the largest one seen, some 3 KiB. */
#define MCP_LIMIT_JOSE_HEADER 8192

/* Bytes of a kid, in tokens and in key sets. */
#define MCP_LIMIT_KID 512

/* Keys kept of one issuer; providers publish 2 to 10. What follows is left out, so a lookup stays short. */
#define MCP_LIMIT_KEYS 64

/* MCPScopeImplies rules of one section: each challenge walks them, for anybody who asks. */
#define MCP_LIMIT_IMPLICATIONS 256

/* Keys looked at in one set, so that thousands of useless ones are not thousands of log lines. */
#define MCP_LIMIT_KEYS_READ 128

/* Keys tried for a token that names none: each try costs one signature check. */
#define MCP_LIMIT_KEY_TRIES 8

/* Bits of an RSA modulus: RFC 7518 3.3 sets the floor, the cost of one verification the ceiling. */
#define MCP_LIMIT_RSA_MIN 2048
#define MCP_LIMIT_RSA_MAX 8192

/* Bits of an RSA public exponent (OpenSSL's own limit for large moduli). */
#define MCP_LIMIT_RSA_EXPONENT 64

/* Bytes of a shared secret: RFC 7518 3.2 wants at least the size of the hash. */
#define MCP_LIMIT_SECRET_MIN 32
#define MCP_LIMIT_SECRET_MAX 4096

/* Bytes of a document fetched from an authorization server, counted after transfer decoding. */
#define MCP_LIMIT_DOCUMENT 1048576

/* Bytes of all header fields of such an answer; curl itself sets no bound before 8.3. */
#define MCP_LIMIT_FETCH_HEADERS 65536

/* Bytes of one such field that is read, all its lines together. Those that mean something have some 50. */
#define MCP_LIMIT_FETCH_FIELD 1024

/* Bytes of an introspection answer. It says what a token of MCP_LIMIT_TOKEN might, and many are read at a time. */
#define MCP_LIMIT_STATEMENT 65536

/* Seconds that an assertion with which we authenticate is good for: one request, and some difference of clocks. */
#define MCP_LIMIT_ASSERTION 60

/* Bytes of a URL that such a document names. */
#define MCP_LIMIT_URL 2048

/* Bytes of an issuer's metadata that is handed on (MCPMetadataMirror). The largest seen is some 10 KiB. */
#define MCP_LIMIT_MIRROR 65536

/* Key URLs of one issuer. What each gave last is kept by itself. */
#define MCP_LIMIT_KEY_URLS 4

/* Bytes of an issuer's usable keys as JSON, all URLs together: of one, 64 RSA keys of 8192 bits, each kid as long as it
 * may be and every byte of it escaped, are some 300 KB. */
#define MCP_LIMIT_KEYS_TEXT 1310720

/* Seconds that keys serve without a successful refresh: an outage of a day harms nobody, and a withdrawn key ends. */
#define MCP_LIMIT_KEYS_AGE 86400

/* Seconds between two attempts to reach an authorization server that fails, at most; and at most when it asks for a
 * longer pause itself (Retry-After). */
#define MCP_LIMIT_BACKOFF 60
#define MCP_LIMIT_RETRY_AFTER 600

/* Seconds that keys are kept at least when their Cache-Control says less. */
#define MCP_LIMIT_REFRESH_MIN 60

/* Seconds after which metadata is read again though the jwks_uri is known; one that no metadata has confirmed for
 * MCP_LIMIT_KEYS_AGE is forgotten. */
#define MCP_LIMIT_METADATA_AGE 3600

/* Seconds by which a refresh may be late before a request makes it itself: mod_watchdog pauses for ten when the
 * process that ran it goes. */
#define MCP_LIMIT_OVERDUE 30

/* Requests of one server that wait at a time for keys of one issuer which may make their token good, and the milliseconds each
 * waits; what comes on top is judged by the keys at hand, so that a flood of forged tokens cannot hold all threads. */
#define MCP_LIMIT_DOUBTERS 16
#define MCP_LIMIT_DOUBT_WAIT 1000

/* Bytes of a sealed introspection answer in a shared cache. mod_socache_shmcb complains in the log about each value that
 * is larger than one of its subcaches: in its default segment of 512 KB that is 14144 bytes. redis and memcached take a
 * megabyte and more. Usual answers are some 1 KiB; one that does not fit is asked for again. */
#define MCP_LIMIT_RECORD 12288

/* Bytes of a file named in the configuration (keys, certificates, secrets). */
#define MCP_LIMIT_FILE 1048576

/* Bytes that an admin may give to the tokens of one process: below that hardly any entry would fit into its part. */
#define MCP_LIMIT_TOKEN_CACHE_MIN 1048576
#define MCP_LIMIT_TOKEN_CACHE_MAX 2147483648

/* Tokens of one issuer that are being introspected at a time, over all processes of a server: each takes a thread here and
 * a request there. */
#define MCP_LIMIT_INQUIRIES 32

/* Of those, places for tokens that were active of late, for how many seconds: a flood of unknown ones leaves them. */
#define MCP_LIMIT_INQUIRIES_KEPT 8
#define MCP_LIMIT_ACTIVE_AGE 3600

/* Tokens of one issuer that are remembered as not active, and for how many seconds: a flood of them costs the
 * authorization server little, and a token that becomes active is not kept waiting. */
#define MCP_LIMIT_INACTIVE 2048
#define MCP_LIMIT_INACTIVE_AGE 5

/* Seconds between two attempts to reach an introspection endpoint that does not answer, at most. */
#define MCP_LIMIT_INQUIRY_PAUSE 8

/* Seconds that an introspection result may be kept at most, whatever the admin says. */
#define MCP_LIMIT_INTROSPECTION_AGE 3600

/* Seconds between two lines about the same trouble of an introspection endpoint. */
#define MCP_LIMIT_TELL 10

/* Scopes read from one token; more are dropped, which only takes rights away. A rule that asks for more is refused. */
#define MCP_LIMIT_SCOPES 4096

/* Dots in the dotted path of a claim: realm_access.roles has one. */
#define MCP_LIMIT_CLAIM_PATH 8

/* Bytes of a claim's value in a header field or a variable. */
#define MCP_LIMIT_IDENTITY 4096

/* Bytes of a request body read to learn the JSON-RPC id of a request that is refused. */
#define MCP_LIMIT_ID_BODY 65536

/* Bytes of a JSON-RPC id string that is echoed. */
#define MCP_LIMIT_ID 64

/* Levels of nesting in a request body that is judged, in steps of 64. Python's own reader ends at some 990. */
#define MCP_LIMIT_JSON_DEPTH 256

/* Members of a JSON-RPC message, of its params and of what in there is judged: each is compared with those before it. MCP
 * itself knows of 12 at most. */
#define MCP_LIMIT_RPC_MEMBERS 64

/* Bytes of a method, and of the name or URI that an operation is on; the latter are in header fields as well. */
#define MCP_LIMIT_RPC_METHOD 128
#define MCP_LIMIT_RPC_NAME 4096

/* MCPOperation rules of one section: each message may be compared with all of them. */
#define MCP_LIMIT_OPERATIONS 1024

/* Bytes that an admin may allow for a body that is judged: it is kept in memory until its answer is complete. */
#define MCP_LIMIT_MAX_BODY_MIN 1024
#define MCP_LIMIT_MAX_BODY 67108864

/* The same for a tenant with .htaccess, who does not pay for the memory. */
#define MCP_LIMIT_MAX_BODY_TENANT 1048576

/* Messages in one batch (MCPBatch). */
#define MCP_LIMIT_RPC_BATCH 64

/* Seconds a client is told to wait when no keys can be had. */
#define MCP_RETRY_AFTER 10

/* Bytes of a name from a token in a log line. */
#define MCP_LIMIT_LOG_NAME 64

/* Bytes of a word in a message about the configuration: httpd cuts long messages, and the example is at the end. */
#define MCP_LIMIT_LOG_WORD 100

#endif
