/* walk.c - what reading a request body costs outside of httpd, and what judging it by operation rules does: the measure
 * for MCPOperation. Not how the body comes to be in memory.
 *
 *     walk bytes|walk|judge BODY COUNT RULES SCOPES
 *
 * bytes is a reader as plain as can be, which looks at one byte after the other and says whether they are JSON in UTF-8;
 * walk is core's walk, with which nothing is picked; judge is all that core does for a rule. RULES is a file of rules, one
 * a line, SCOPES those of the token. Writes microseconds of CPU time per body, and how many were good.
 */
#include <apr_general.h>
#include <apr_tables.h>

#include "../../src/core/limits.h"
#include "../../src/core/operation.h"
#include "../../src/core/walk.h"
#include "tool.h"

typedef struct {
    mcp_view_t body; /* with a NUL behind it */
    apr_array_header_t *rules;
    mcp_claims_t claims;
    apr_pool_t *scratch;
} subject_t;

/* The plain reader, by the grammars of RFC 8259 and RFC 3629. Each function passes what is next and returns where it is
 * then, NULL when that is not there. The NUL ends every text: it can stand nowhere in one. */
typedef const unsigned char *place_t;

static place_t read_value(place_t at, int depth);

static place_t read_blanks(place_t at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
        at++;
    }
    return at;
}

static int read_hex(place_t at)
{
    int number = 0;

    for (int i = 0; i < 4; i++) {
        unsigned char low = at[i] | 0x20;

        if (at[i] >= '0' && at[i] <= '9') {
            number = number * 16 + at[i] - '0';
        } else if (low >= 'a' && low <= 'f') {
            number = number * 16 + low - 'a' + 10;
        } else {
            return -1;
        }
    }
    return number;
}

static place_t read_escape(place_t at)
{
    int unit;

    if (at[1] != 'u') {
        return at[1] && strchr("\"\\/bfnrt", at[1]) ? at + 2 : NULL;
    }
    unit = read_hex(at + 2);
    if (unit < 0xd800 || unit > 0xdfff) {
        return unit < 0 ? NULL : at + 6;
    }
    if (unit > 0xdbff || at[6] != '\\' || at[7] != 'u') {
        return NULL;
    }
    unit = read_hex(at + 8);
    return unit >= 0xdc00 && unit <= 0xdfff ? at + 12 : NULL;
}

/* A character that is not ASCII. */
static place_t read_character(place_t at)
{
    int tails = *at < 0xc2 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : *at < 0xf5 ? 3 : 0;
    unsigned char least = *at == 0xe0 ? 0xa0 : *at == 0xf0 ? 0x90 : 0x80;
    unsigned char most = *at == 0xed ? 0x9f : *at == 0xf4 ? 0x8f : 0xbf;

    if (tails == 0 || at[1] < least || at[1] > most) {
        return NULL;
    }
    for (int i = 2; i <= tails; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return NULL;
        }
    }
    return at + 1 + tails;
}

static place_t read_string(place_t at)
{
    if (*at++ != '"') {
        return NULL;
    }
    while (at && *at != '"') {
        at = *at == '\\' ? read_escape(at) : *at >= 0x80 ? read_character(at) : *at >= 0x20 ? at + 1 : NULL;
    }
    return at ? at + 1 : NULL;
}

static place_t read_digits(place_t at)
{
    place_t first = at;

    while (*at >= '0' && *at <= '9') {
        at++;
    }
    return at > first ? at : NULL;
}

static place_t read_number(place_t at)
{
    at += *at == '-';
    at = *at == '0' ? at + 1 : read_digits(at);
    if (at && *at == '.') {
        at = read_digits(at + 1);
    }
    if (at && (*at == 'e' || *at == 'E')) {
        at += at[1] == '-' || at[1] == '+' ? 2 : 1;
        at = read_digits(at);
    }
    return at;
}

static place_t read_word(place_t at, const char *word)
{
    size_t len = strlen(word);

    return strncmp((const char *)at, word, len) == 0 ? at + len : NULL;
}

static place_t read_name(place_t at)
{
    at = read_string(read_blanks(at));
    at = at ? read_blanks(at) : NULL;
    return at && *at == ':' ? at + 1 : NULL;
}

/* From the bracket on. */
static place_t read_container(place_t at, int depth)
{
    bool object = *at == '{';
    unsigned char closing = object ? '}' : ']';

    if (depth == MCP_LIMIT_JSON_DEPTH) {
        return NULL;
    }
    at = read_blanks(at + 1);
    if (*at == closing) {
        return at + 1;
    }
    for (;;) {
        at = object ? read_name(at) : at;
        at = at ? read_value(at, depth + 1) : NULL;
        if (!at || *at != ',') {
            return at && *at == closing ? at + 1 : NULL;
        }
        at++;
    }
}

static place_t read_value(place_t at, int depth)
{
    at = read_blanks(at);
    switch (*at) {
    case '{':
    case '[':
        at = read_container(at, depth);
        break;
    case '"':
        at = read_string(at);
        break;
    case 't':
        at = read_word(at, "true");
        break;
    case 'f':
        at = read_word(at, "false");
        break;
    case 'n':
        at = read_word(at, "null");
        break;
    default:
        at = read_number(at);
    }
    return at ? read_blanks(at) : NULL;
}

static bool reads_bytes(const subject_t *subject)
{
    place_t first = (place_t)subject->body.data, behind = read_value(first, 0);

    return behind == first + subject->body.len;
}

static bool walks(const subject_t *subject)
{
    mcp_walk_t walk = mcp_walk_start(subject->body);
    mcp_view_t value;

    return mcp_walk_value(&value, &walk) && mcp_walk_is_over(&walk);
}

static bool judges(const subject_t *subject)
{
    mcp_rpc_t message;
    const mcp_operation_t *rule;

    if (mcp_rpc_read(&message, subject->body, subject->scratch) != MCP_OK) {
        return false;
    }
    rule = mcp_operation_find(subject->rules, &message, subject->scratch);
    return rule && mcp_operation_check(rule, &subject->claims, NULL, subject->scratch) == MCP_OK;
}

typedef bool way_t(const subject_t *subject);

/* The way of that name, NULL for none. */
static way_t *find_way(const char *name)
{
    return strcmp(name, "bytes") == 0   ? reads_bytes
           : strcmp(name, "walk") == 0  ? walks
           : strcmp(name, "judge") == 0 ? judges
                                        : NULL;
}

static apr_array_header_t *read_rules(char *text, apr_pool_t *pool)
{
    apr_array_header_t *rules = apr_array_make(pool, 10, sizeof(mcp_operation_t));
    char *last, **words;
    const char *wrong;
    int count;

    for (char *line = apr_strtok(text, "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        apr_tokenize_to_argv(line, &words, pool);
        for (count = 0; words[count]; count++) {
        }
        if ((wrong = mcp_operation_parse(apr_array_push(rules), count, words, pool)) != NULL) {
            fprintf(stderr, "walk: %s\n", wrong);
            exit(1);
        }
    }
    return rules;
}

/* How many bodies were good. */
static int measure(way_t *is_good, const subject_t *subject, int count)
{
    int good = 0;

    for (int i = 0; i < count; i++) {
        good += is_good(subject);
        apr_pool_clear(subject->scratch);
    }
    return good;
}

int main(int argc, char **argv)
{
    subject_t subject = { .rules = NULL };
    apr_pool_t *pool;
    way_t *way = argc == 6 ? find_way(argv[1]) : NULL;
    int count = way ? atoi(argv[3]) : 0, good;
    double began;

    if (count < 1 || apr_initialize() != APR_SUCCESS) {
        fprintf(stderr, "walk bytes|walk|judge BODY COUNT RULES SCOPES\n");
        return 2;
    }
    apr_pool_create(&pool, NULL);
    apr_pool_create(&subject.scratch, pool);
    subject.body = tool_read(argv[2]);
    subject.rules = read_rules(mcp_view_dup(tool_read(argv[4]), pool), pool);
    subject.claims.scope = mcp_scope_make(pool);
    mcp_scope_add_string(subject.claims.scope, mcp_view_of(argv[5]));
    measure(way, &subject, 1); /* what is made once is made here */
    began = tool_cpu();
    good = measure(way, &subject, count);
    printf("%.3f %d\n", (tool_cpu() - began) / count, good);
    return 0;
}
