/* A file that several write at a time is always one of theirs, whole. */
#include <apr_general.h>
#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/io/readfile.h"
#include "../../src/io/writefile.h"
#include "../lib/tap.h"

#define THREADS 4
#define ROUNDS 50
#define SIZE 20000

static char dir[] = "/tmp/mcp-writefile-XXXXXX";

/* One that writes a letter of its own again and again. */
typedef struct {
    const char *path;
    char letter;
    int failures, odd; /* writes that failed, and sights of a file that was not whole */
} writer_t;

static bool is_whole(mcp_view_t bytes)
{
    for (apr_size_t i = 1; i < bytes.len; i++) {
        if (bytes.data[i] != bytes.data[0]) {
            return false;
        }
    }
    return bytes.len == SIZE;
}

static void *write_again(void *baton)
{
    writer_t *writer = baton;
    char text[SIZE];
    mcp_view_t seen;
    apr_pool_t *pool;

    memset(text, writer->letter, SIZE);
    for (int i = 0; i < ROUNDS; i++) {
        apr_pool_create(&pool, NULL);
        writer->failures += mcp_writefile(writer->path, (mcp_view_t){ text, SIZE }, pool) != APR_SUCCESS;
        writer->odd += mcp_readfile(&seen, writer->path, false, pool) != APR_SUCCESS || !is_whole(seen);
        apr_pool_destroy(pool);
    }
    return NULL;
}

static size_t count_files(apr_pool_t *pool)
{
    glob_t found;
    size_t count = 0;

    if (glob(apr_pstrcat(pool, dir, "/*", NULL), 0, NULL, &found) == 0) {
        count = found.gl_pathc;
        globfree(&found);
    }
    return count;
}

static void test_threads(apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, dir, "/file", NULL);
    writer_t writers[THREADS];
    pthread_t threads[THREADS];
    int failures = 0, odd = 0;

    for (int i = 0; i < THREADS; i++) {
        writers[i] = (writer_t){ path, (char)('a' + i), 0, 0 };
        if (pthread_create(&threads[i], NULL, write_again, &writers[i]) != 0) {
            abort();
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        failures += writers[i].failures;
        odd += writers[i].odd;
    }
    is_int(failures, 0, "writers do not disturb each other");
    is_int(odd, 0, "what they leave is whole at all times");
    is_int(count_files(pool), 1, "nothing is left beside it");
}

static void test_file(apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, dir, "/file", NULL);
    struct stat info;

    is_int(mcp_writefile(path, mcp_view_of("old"), pool), APR_SUCCESS, "a file");
    is_int(stat(path, &info) == 0 ? info.st_mode & 0777 : 0, 0600, "for its owner only");
    is_int(mcp_writefile(apr_pstrcat(pool, dir, "/none/file", NULL), mcp_view_of("x"), pool), ENOENT, "no directory");
    is_int(mcp_writefile(dir, mcp_view_of("x"), pool), EISDIR, "a directory is not replaced");
    is_int(unlink(path), 0, "and that is all there is");
    is_int(rmdir(apr_pstrcat(pool, dir, NULL)), 0, "in it");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!mkdtemp(dir)) {
        abort();
    }
    test_threads(pool);
    test_file(pool);
    apr_terminate();
    return done_testing();
}
