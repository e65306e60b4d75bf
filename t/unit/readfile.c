/* Which files are read, and which are refused. */
#include <apr_general.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/core/limits.h"
#include "../../src/io/readfile.h"
#include "../lib/tap.h"

static char dir[] = "/tmp/mcp-readfile-XXXXXX";

static const char *write_file(const char *name, const char *bytes, size_t len, mode_t mode, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, dir, "/", name, NULL);
    FILE *file = fopen(path, "w");

    if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0 || chmod(path, mode) != 0) {
        abort();
    }
    return path;
}

static void test_good(apr_pool_t *pool)
{
    mcp_view_t bytes = { NULL, 7 };
    const char *path = write_file("good", "a\0b\n", 4, 0644, pool);

    is_int(mcp_readfile(&bytes, path, false, pool), APR_SUCCESS, "a file is read");
    ok(bytes.len == 4 && memcmp(bytes.data, "a\0b\n", 5) == 0, "whole, NUL bytes too, and terminated");
    path = write_file("empty", "", 0, 0644, pool);
    is_int(mcp_readfile(&bytes, path, false, pool), APR_SUCCESS, "an empty file is read");
    is_int(bytes.len, 0, "and has no bytes");
    is_int(mcp_readfile(&bytes, "/proc/self/status", false, pool), EFBIG, "a file larger than it says is refused");
}

static void test_secret(apr_pool_t *pool)
{
    static const struct {
        mode_t mode;
        apr_status_t status;
    } rows[] = { { 0600, APR_SUCCESS },          { 0640, APR_SUCCESS }, { 0644, MCP_READFILE_EXPOSED },
                 { 0602, MCP_READFILE_EXPOSED }, { 0601, APR_SUCCESS }, { 0666, MCP_READFILE_EXPOSED } };
    mcp_view_t bytes;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = write_file("secret", "0123456789", 10, rows[i].mode, pool);
        apr_pool_t *own;

        apr_pool_create(&own, pool);
        bytes = (mcp_view_t){ NULL, 0 };
        is_int(mcp_readfile(&bytes, path, true, own), rows[i].status, "a secret of mode %04o", (unsigned)rows[i].mode);
        is_int(bytes.len, rows[i].status == APR_SUCCESS ? 10 : 0, "and its bytes");
        is_int(mcp_readfile(&bytes, path, false, own), APR_SUCCESS, "the same file when it is no secret");
        apr_pool_destroy(own);
    }
}

static void test_refused(apr_pool_t *pool)
{
    char *large = apr_pcalloc(pool, MCP_LIMIT_FILE + 1);
    const char *fifo = apr_pstrcat(pool, dir, "/fifo", NULL);
    mcp_view_t bytes = { NULL, 7 };

    is_int(mcp_readfile(&bytes, apr_pstrcat(pool, dir, "/none", NULL), false, pool), ENOENT, "no file");
    is_int(mcp_readfile(&bytes, dir, false, pool), EISDIR, "a directory");
    is_int(mcp_readfile(&bytes, "/dev/zero", false, pool), EINVAL, "a device");
    if (mkfifo(fifo, 0600) != 0) {
        abort();
    }
    is_int(mcp_readfile(&bytes, fifo, true, pool), EINVAL, "a FIFO, without waiting for a writer");
    is_int(mcp_readfile(&bytes, write_file("large", large, MCP_LIMIT_FILE + 1, 0644, pool), false, pool), EFBIG,
           "one byte too many");
    is_int(bytes.len, 7, "refusals leave the view alone");
    is_int(mcp_readfile(&bytes, write_file("large", large, MCP_LIMIT_FILE, 0644, pool), false, pool), APR_SUCCESS,
           "a file at the limit");
    is_int(bytes.len, MCP_LIMIT_FILE, "is read whole");
    if (geteuid() == 0) {
        skip(1, "root may read everything");
    } else {
        is_int(mcp_readfile(&bytes, write_file("closed", "x", 1, 0, pool), false, pool), EACCES,
               "a file of somebody else's");
    }
}

int main(void)
{
    static const char *const names[] = { "good", "empty", "secret", "large", "fifo", "closed" };
    apr_pool_t *pool;

    alarm(60);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!mkdtemp(dir)) {
        abort();
    }
    test_good(pool);
    test_secret(pool);
    test_refused(pool);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(apr_pstrcat(pool, dir, "/", names[i], NULL));
    }
    rmdir(dir);
    apr_terminate();
    return done_testing();
}
