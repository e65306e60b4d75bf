/* Log lines, and names from the outside in them. */
#include <apr_general.h>

#include "../../src/core/limits.h"
#include "../../src/core/log.h"
#include "../lib/tap.h"

typedef struct {
    mcp_log_level_t level;
    char line[2048];
    int count;
} heard_t;

static void hear(void *baton, mcp_log_level_t level, const char *line)
{
    heard_t *heard = baton;

    heard->level = level;
    heard->count++;
    snprintf(heard->line, sizeof(heard->line), "%s", line);
}

static void test_lines(apr_pool_t *pool)
{
    static heard_t heard;
    mcp_log_t log = { hear, &heard };
    char *big = apr_pcalloc(pool, 5001);

    mcp_log(NULL, MCP_LOG_ERROR, "MCP9999", "nobody listens");
    mcp_log(&log, MCP_LOG_WARN, "MCP9999", "expected %d, got \"%s\"", 1, "x");
    is_str(heard.line, "MCP9999: expected 1, got \"x\"", "the mark first");
    is_int(heard.level, MCP_LOG_WARN, "the level goes with it");
    mcp_log(&log, MCP_LOG_INFO, "MCP9999", "%s", "%n%s%x");
    is_str(heard.line, "MCP9999: %n%s%x", "J-06 no format in a format");
    memset(big, 'a', 5000);
    mcp_log(&log, MCP_LOG_INFO, "MCP9999", "%s", big);
    is_int(strlen(heard.line), 1023, "J-06 cut at 1 KiB");
    is_int(heard.count, 3, "one line for each");
}

static const struct {
    const char *name;
    mcp_view_t bytes;
    const char *text;
} rows[] = {
    { "plain", { "rsa-1", 5 }, "rsa-1" },
    { "nothing", { "", 0 }, "" },
    { "no view", { NULL, 0 }, "" },
    { "J-06 CR LF", { "a\r\nb", 4 }, "a\\x0d\\x0ab" },
    { "J-06 ANSI", { "\x1b[31m", 5 }, "\\x1b[31m" },
    { "J-06 C1", { "\x80\x9f", 2 }, "\\x80\\x9f" },
    { "J-06 NUL", { "a\0b", 3 }, "a\\x00b" },
    { "J-06 DEL", { "\x7f", 1 }, "\\x7f" },
    { "J-06 format", { "%n%s", 4 }, "%n%s" },
    { "the mark of an escape", { "\\x41", 4 }, "\\x5cx41" },
    { "the quote around it", { "a\"b", 3 }, "a\\x22b" },
    { "UTF-8", { "\xc3\xa9", 2 }, "\\xc3\\xa9" },
};

static void test_names(apr_pool_t *pool)
{
    char big[10000], want[MCP_LIMIT_LOG_NAME + 4];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(mcp_log_name(rows[i].bytes, pool), rows[i].text, "%s", rows[i].name);
    }
    memset(big, 'k', sizeof(big));
    memset(want, 'k', MCP_LIMIT_LOG_NAME);
    memcpy(want + MCP_LIMIT_LOG_NAME, "", 1);
    is_str(mcp_log_name((mcp_view_t){ big, MCP_LIMIT_LOG_NAME }, pool), want, "as long as may be");
    memcpy(want + MCP_LIMIT_LOG_NAME, "...", 4);
    is_str(mcp_log_name((mcp_view_t){ big, sizeof(big) }, pool), want, "J-06 10 KB are cut");
    memset(big, '\n', sizeof(big));
    is_int(strlen(mcp_log_name((mcp_view_t){ big, sizeof(big) }, pool)), MCP_LIMIT_LOG_NAME * 4 + 3,
           "escapes are not cut in two");
}

static void test_words(apr_pool_t *pool)
{
    static const struct {
        const char *word, *shown;
    } words[] = {
        { "files:read", "files:read" },
        { "", "" },
        { "https://user:pass@as.example/x", "https://...@as.example/x" },
        { "https://user:pa/ss@as.example", "https://...@as.example" },
        { "https://token@as.example", "https://...@as.example" },
        { "user:pa@ss@as.example", "user:...@as.example" },
        { "https://a.example https://user:pass@b.example", "https://...@b.example" },
        { "alice@as.example", "alice@as.example" },
        { "alice@as.example:443", "alice@as.example:443" },
        { "file:/etc/mcp@home.json", "file:/etc/mcp@home.json" },
    };
    char big[10000], want[MCP_LIMIT_LOG_WORD + 4];

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        is_str(mcp_log_word(words[i].word, pool), words[i].shown, "the word %s", words[i].word);
    }
    memset(big, 'k', sizeof(big));
    memset(want, 'k', MCP_LIMIT_LOG_WORD);
    big[MCP_LIMIT_LOG_WORD] = want[MCP_LIMIT_LOG_WORD] = '\0';
    is_str(mcp_log_word(big, pool), want, "a word as long as may be");
    memcpy(want + MCP_LIMIT_LOG_WORD, "...", 4);
    big[MCP_LIMIT_LOG_WORD] = 'k';
    big[sizeof(big) - 1] = '\0';
    is_str(mcp_log_word(big, pool), want, "10 KB are cut");
    big[10] = ':';
    big[sizeof(big) - 2] = '@';
    is_str(mcp_log_word(big, pool), "kkkkkkkkkk:...@", "and so is a huge secret");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_lines(pool);
    test_names(pool);
    test_words(pool);
    apr_terminate();
    return done_testing();
}
