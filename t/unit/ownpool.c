/* A pool of its own: nothing is shared with another one, and without memory the process ends. */
#include "../../src/io/ownpool.h"

#include <apr_allocator.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/tap.h"

static void test_apart(apr_pool_t *pool)
{
    apr_pool_t *one = mcp_ownpool_create(), *other = mcp_ownpool_create();

    ok(apr_pool_parent_get(one) == NULL, "it has no parent");
    ok(apr_pool_allocator_get(one) != apr_pool_allocator_get(pool), "its allocator is not that of the usual pools");
    ok(apr_pool_allocator_get(one) != apr_pool_allocator_get(other), "and not that of another one");
    apr_pool_destroy(one);
    is_str(apr_pstrdup(other, "still"), "still", "the end of one leaves the other alone");
    apr_pool_destroy(other);
}

static void test_out_of_memory(void)
{
    volatile apr_size_t too_much = APR_SIZE_MAX;
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        signal(SIGABRT, SIG_DFL);
        apr_palloc(mcp_ownpool_create(), too_much);
        _exit(0);
    }
    waitpid(child, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "memory that cannot be had ends the process");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_apart(pool);
    test_out_of_memory();
    apr_terminate();
    return done_testing();
}
