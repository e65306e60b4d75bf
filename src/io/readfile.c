#include "readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/limits.h"

typedef struct {
    char *data;
    apr_size_t size;
} buffer_t;

static apr_status_t wipe(void *baton)
{
    const buffer_t *buffer = baton;

    OPENSSL_cleanse(buffer->data, buffer->size);
    return APR_SUCCESS;
}

/* One byte more than the size at opening time, so that a file that grows meanwhile is noticed. */
static buffer_t *make_buffer(apr_size_t size, bool secret, apr_pool_t *pool)
{
    buffer_t *buffer = apr_palloc(pool, sizeof(*buffer));

    *buffer = (buffer_t){ apr_palloc(pool, size + 1), size + 1 };
    if (secret) {
        apr_pool_cleanup_register(pool, buffer, wipe, apr_pool_cleanup_null);
    }
    return buffer;
}

static apr_status_t judge(const struct stat *info, bool secret)
{
    if (!S_ISREG(info->st_mode)) {
        return S_ISDIR(info->st_mode) ? EISDIR : EINVAL;
    }
    if (info->st_size > MCP_LIMIT_FILE) {
        return EFBIG;
    }
    return secret && (info->st_mode & (S_IROTH | S_IWOTH)) ? MCP_READFILE_EXPOSED : APR_SUCCESS;
}

static apr_status_t read_all(mcp_view_t *bytes, int file, const buffer_t *buffer)
{
    apr_size_t used = 0;

    while (used < buffer->size) {
        ssize_t got = read(file, buffer->data + used, buffer->size - used);

        if (got < 0 && errno != EINTR) {
            return errno;
        }
        if (got == 0) {
            buffer->data[used] = '\0';
            *bytes = (mcp_view_t){ buffer->data, used };
            return APR_SUCCESS;
        }
        used += got > 0 ? (apr_size_t)got : 0;
    }
    return EFBIG;
}

apr_status_t mcp_readfile(mcp_view_t *bytes, const char *path, bool secret, apr_pool_t *pool)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;
    apr_status_t status;

    if (file < 0) {
        return errno;
    }
    status = fstat(file, &info) == 0 ? judge(&info, secret) : errno;
    if (status == APR_SUCCESS) {
        status = read_all(bytes, file, make_buffer((apr_size_t)info.st_size, secret, pool));
    }
    close(file);
    return status;
}
