#include "writefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static apr_status_t write_all(int file, mcp_view_t bytes)
{
    while (bytes.len > 0) {
        ssize_t done = write(file, bytes.data, bytes.len);

        if (done < 0 && errno != EINTR) {
            return errno;
        }
        if (done > 0) {
            bytes.data += done;
            bytes.len -= (apr_size_t)done;
        }
    }
    return fsync(file) == 0 ? APR_SUCCESS : errno;
}

apr_status_t mcp_writefile(const char *path, mcp_view_t bytes, apr_pool_t *pool)
{
    char *beside = apr_pstrcat(pool, path, ".XXXXXX", NULL);
    int file = mkostemp(beside, O_CLOEXEC);
    apr_status_t status;

    if (file < 0) {
        return errno;
    }
    status = write_all(file, bytes);
    if (close(file) != 0 && status == APR_SUCCESS) {
        status = errno;
    }
    if (status == APR_SUCCESS && rename(beside, path) != 0) {
        status = errno;
    }
    if (status != APR_SUCCESS) {
        unlink(beside);
    }
    return status;
}
