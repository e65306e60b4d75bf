/* scarce.h - for tests: what a process asks libraries and the system for may be denied. The n-th request is, for every n,
 * or all from the n-th on, for every third n, in a process of its own each time; which must not crash, leak, or do what
 * it must not.
 * Not among it is the memory of APR's pools and of libjwt, where running out ends the process (ownpool.h).
 * A program that includes this is linked with --wrap for each function that has a __wrap_ here, see Makefile.
 */
#ifndef SCARCE_H
#define SCARCE_H

#include <apr_general.h>
#include <apr_global_mutex.h>
#include <apr_thread_mutex.h>
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/core/json.h"
#include "tap.h"

/* What a trial comes to. */
typedef enum {
    SCARCE_SERVED = 40, /* as if nothing were missing; other programs' exit codes are lower */
    SCARCE_REFUSED,     /* not done, and that is said */
    SCARCE_WRONG,       /* what must never happen */
    SCARCE_LEAKED,
    SCARCE_PLENTY /* served, and nothing had been denied */
} scarce_outcome_t;

static inline scarce_outcome_t scarce_outcome(bool served, bool wrong)
{
    return wrong ? SCARCE_WRONG : served ? SCARCE_SERVED : SCARCE_REFUSED;
}

/* A pool for one trial. */
static inline apr_pool_t *scarce_pool(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    return pool;
}

/* Something to try: it begins and ends with no memory but its baton's, and tells SERVED, REFUSED or WRONG. */
typedef scarce_outcome_t (*scarce_trial_t)(void *baton);

/* Of this process. Libraries may ask in threads of theirs. */
static struct {
    atomic_long asked;   /* since scarce_deny */
    long denied;         /* the number of the request that is denied; 0 for none */
    bool for_good;       /* and all that follow */
    int error;           /* what system calls say then */
    atomic_long held;    /* pieces of memory */
    long usual;          /* by how many they grow in a trial: libjwt frees some of jansson's behind our back */
    atomic_bool was_met; /* a request was denied */
} scarce;

static inline void scarce_deny(long number, bool for_good)
{
    atomic_store(&scarce.asked, 0);
    atomic_store(&scarce.was_met, false);
    scarce.for_good = for_good;
    scarce.denied = number;
}

static inline bool scarce_grants(void)
{
    long number;

    if (scarce.denied == 0) {
        return true;
    }
    number = atomic_fetch_add(&scarce.asked, 1) + 1;
    if (number < scarce.denied || (number > scarce.denied && !scarce.for_good)) {
        return true;
    }
    atomic_store(&scarce.was_met, true);
    errno = scarce.error;
    return false;
}

#pragma GCC visibility push(default) /* for the linker, which sees libraries that need the same functions */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);
int __real_RAND_bytes(unsigned char *bytes, int count);
int __wrap_RAND_bytes(unsigned char *bytes, int count);
apr_status_t __real_apr_thread_mutex_create(apr_thread_mutex_t **mutex, unsigned flags, apr_pool_t *pool);
apr_status_t __wrap_apr_thread_mutex_create(apr_thread_mutex_t **mutex, unsigned flags, apr_pool_t *pool);
apr_status_t __real_apr_global_mutex_lock(apr_global_mutex_t *mutex);
apr_status_t __wrap_apr_global_mutex_lock(apr_global_mutex_t *mutex);
CURLcode __real_curl_easy_setopt(CURL *curl, CURLoption option, ...);
CURLcode __wrap_curl_easy_setopt(CURL *curl, CURLoption option, ...);
int __real_mkostemp(char *name, int flags);
int __wrap_mkostemp(char *name, int flags);
int __real_fstat(int file, struct stat *info);
int __wrap_fstat(int file, struct stat *info);
ssize_t __real_read(int file, void *bytes, size_t count);
ssize_t __wrap_read(int file, void *bytes, size_t count);
ssize_t __real_write(int file, const void *bytes, size_t count);
ssize_t __wrap_write(int file, const void *bytes, size_t count);
int __real_fsync(int file);
int __wrap_fsync(int file);
int __real_close(int file);
int __wrap_close(int file);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
#pragma GCC visibility pop

void *__wrap_malloc(size_t size)
{
    void *memory = scarce_grants() ? __real_malloc(size) : NULL;

    atomic_fetch_add(&scarce.held, memory ? 1 : 0);
    return memory;
}

void __wrap_free(void *memory)
{
    atomic_fetch_sub(&scarce.held, memory ? 1 : 0);
    __real_free(memory);
}

int __wrap_RAND_bytes(unsigned char *bytes, int count)
{
    return scarce_grants() ? __real_RAND_bytes(bytes, count) : 0;
}

apr_status_t __wrap_apr_thread_mutex_create(apr_thread_mutex_t **mutex, unsigned flags, apr_pool_t *pool)
{
    return scarce_grants() ? __real_apr_thread_mutex_create(mutex, flags, pool) : APR_ENOLOCK;
}

apr_status_t __wrap_apr_global_mutex_lock(apr_global_mutex_t *mutex)
{
    return scarce_grants() ? __real_apr_global_mutex_lock(mutex) : APR_EINVAL;
}

/* Every option is a long or a pointer, which travel alike. */
CURLcode __wrap_curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
    va_list args;
    void *value;

    va_start(args, option);
    value = va_arg(args, void *);
    va_end(args);
    return scarce_grants() ? __real_curl_easy_setopt(curl, option, value) : CURLE_UNKNOWN_OPTION;
}

int __wrap_mkostemp(char *name, int flags)
{
    return scarce_grants() ? __real_mkostemp(name, flags) : -1;
}

int __wrap_fstat(int file, struct stat *info)
{
    return scarce_grants() ? __real_fstat(file, info) : -1;
}

ssize_t __wrap_read(int file, void *bytes, size_t count)
{
    return scarce_grants() ? __real_read(file, bytes, count) : -1;
}

ssize_t __wrap_write(int file, const void *bytes, size_t count)
{
    return scarce_grants() ? __real_write(file, bytes, count) : -1;
}

int __wrap_fsync(int file)
{
    return scarce_grants() ? __real_fsync(file) : -1;
}

/* The file is closed either way, as Linux does. */
int __wrap_close(int file)
{
    int closed = __real_close(file);

    return scarce_grants() ? closed : -1;
}

int __wrap_rename(const char *from, const char *to)
{
    return scarce_grants() ? __real_rename(from, to) : -1;
}

static inline void *scarce_realloc(void *memory, size_t size)
{
    void *other = scarce_grants() ? realloc(memory, size) : NULL;

    atomic_fetch_add(&scarce.held, other && !memory ? 1 : 0);
    return other;
}

static inline void *scarce_calloc(size_t count, size_t size)
{
    void *memory = scarce_grants() ? calloc(count, size) : NULL;

    atomic_fetch_add(&scarce.held, memory ? 1 : 0);
    return memory;
}

static inline char *scarce_strdup(const char *text)
{
    char *copy = __wrap_malloc(strlen(text) + 1);

    return copy ? strcpy(copy, text) : NULL;
}

static inline void *scarce_openssl_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return size > 0 ? __wrap_malloc(size) : NULL;
}

static inline void *scarce_openssl_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return scarce_realloc(memory, size);
}

static inline void scarce_openssl_free(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    __wrap_free(memory);
}

/* First of all in main: libraries must not have any memory yet. jansson is guarded as in httpd. */
static inline apr_pool_t *scarce_begin(void)
{
    apr_pool_t *pool;

    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    scarce.error = EIO;
    json_set_alloc_funcs(__wrap_malloc, __wrap_free);
    if (CRYPTO_set_mem_functions(scarce_openssl_malloc, scarce_openssl_realloc, scarce_openssl_free) != 1 ||
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, __wrap_free, scarce_realloc, scarce_strdup,
                             scarce_calloc) != CURLE_OK) {
        abort();
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    mcp_json_guard(pool);
    return pool;
}

static inline scarce_outcome_t scarce_try(scarce_trial_t trial, void *baton, long number, bool for_good)
{
    scarce_outcome_t outcome;

    scarce_deny(number, for_good);
    outcome = trial(baton);
    scarce.denied = 0;
    OPENSSL_thread_stop(); /* the queue of errors has memory of its own */
    if (!atomic_load(&scarce.was_met)) {
        return outcome == SCARCE_SERVED ? SCARCE_PLENTY : SCARCE_WRONG;
    }
    return outcome;
}

/* Twice: what a library keeps for later, it keeps once. */
static inline scarce_outcome_t scarce_try_twice(scarce_trial_t trial, void *baton, long number, bool for_good)
{
    scarce_outcome_t first = scarce_try(trial, baton, number, for_good), second;
    long held = atomic_load(&scarce.held);

    second = scarce_try(trial, baton, number, for_good);
    if (first == SCARCE_WRONG || second == SCARCE_WRONG) {
        return SCARCE_WRONG;
    }
    return second != SCARCE_PLENTY && atomic_load(&scarce.held) > held + scarce.usual ? SCARCE_LEAKED : second;
}

/* How many of the processes came to what. */
typedef struct {
    int all, served, ended, wrong, leaked, crashed;
} scarce_tally_t;

static inline void scarce_blame(scarce_tally_t *tally, int outcome, long number)
{
    const char *what = outcome == SCARCE_WRONG ? "goes wrong" : outcome == SCARCE_LEAKED ? "leaks" : "crashes";
    int *count = outcome == SCARCE_WRONG ? &tally->wrong : outcome == SCARCE_LEAKED ? &tally->leaked : &tally->crashed;

    if ((*count)++ < 5) {
        diag("%s when request %ld is denied", what, number);
    }
}

/* exit writes the counts of what was run; a sanitizer would call there what the parent holds leaked. */
#ifdef __SANITIZE_ADDRESS__
#define SCARCE_EXIT _exit
#else
#define SCARCE_EXIT exit
#endif

/* One more process. False when nothing was denied in it, so that there are no more numbers to try. */
static inline bool scarce_fork(scarce_tally_t *tally, scarce_trial_t trial, void *baton, long number, bool for_good)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    if ((child = fork()) < 0) {
        abort();
    }
    if (child == 0) {
        SCARCE_EXIT((int)scarce_try_twice(trial, baton, number, for_good));
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) {
        tally->all++;
        tally->ended++;
        return true;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == SCARCE_PLENTY) {
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == SCARCE_SERVED) {
        tally->served++;
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != SCARCE_REFUSED) {
        scarce_blame(tally, WIFEXITED(status) ? WEXITSTATUS(status) : 0, number);
    }
    tally->all++;
    return true;
}

/* Try it for every number. may_end: abort() is an answer as well. least: it asks for so much at least. */
static inline void scarce_test(const char *name, scarce_trial_t trial, void *baton, bool may_end, int least)
{
    scarce_tally_t tally = { 0, 0, 0, 0, 0, 0 };
    const int most = 20000;

    is_int(scarce_try(trial, baton, 0, false), SCARCE_PLENTY, "%s, with all it asks for", name);
    scarce.usual = -atomic_load(&scarce.held);
    scarce_try(trial, baton, 0, false);
    scarce.usual += atomic_load(&scarce.held);
    for (long number = 1; scarce_fork(&tally, trial, baton, number, false) && number < most; number++) {
    }
    for (long number = 1; scarce_fork(&tally, trial, baton, number, true) && number < most; number += 3) {
    }
    ok(tally.all >= least && tally.all < most, "%s: %d denials, %d served all the same, %d ended", name, tally.all,
       tally.served, tally.ended);
    is_int(tally.wrong, 0, "%s: nothing goes wrong", name);
    is_int(tally.leaked, 0, "%s: nothing leaks", name);
    is_int(tally.crashed + (may_end ? 0 : tally.ended), 0, "%s: nothing crashes", name);
}

#endif
