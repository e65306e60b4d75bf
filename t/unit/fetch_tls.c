/* Which servers an exchange trusts. */
#include <apr_strings.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "../lib/tap.h"
#include "exchange.h"

/* A self-signed certificate for a name, good for so many seconds from now, with its key, in one file. */
static const char *make_certificate(const char *dir, const char *name, const char *dns, long left, apr_pool_t *pool)
{
    const char *path = apr_psprintf(pool, "%s/%s.pem", dir, name);
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *cert = X509_new();
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, apr_pstrcat(pool, "DNS:", dns, NULL));
    FILE *file = fopen(path, "w");

    if (!pkey || !cert || !names || !file) {
        abort();
    }
    X509_set_version(cert, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
    X509_gmtime_adj(X509_getm_notAfter(cert), left);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_add_ext(cert, names, -1);
    X509_set_pubkey(cert, pkey);
    if (!X509_sign(cert, pkey, EVP_sha256()) || !PEM_write_X509(file, cert) ||
        !PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL)) {
        abort();
    }
    fclose(file);
    X509_EXTENSION_free(names);
    X509_free(cert);
    EVP_PKEY_free(pkey);
    return path;
}

/* openssl s_server with a certificate, on a port of its choice; 0 when there is no such program. */
static pid_t serve_tls(unsigned *port, const char *certificate)
{
    char line[256];
    int pipes[2];
    FILE *out;
    pid_t pid;

    if (pipe(pipes) != 0 || (pid = fork()) < 0) {
        abort();
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(open("/dev/null", O_RDWR), 0);
        dup2(pipes[1], 1);
        dup2(open("/dev/null", O_RDWR), 2);
        execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    out = fdopen(pipes[0], "r");
    for (*port = 0; out && *port == 0 && fgets(line, sizeof(line), out);) {
        const char *colon = strrchr(line, ':');

        *port = strncmp(line, "ACCEPT", 6) == 0 && colon ? (unsigned)atoi(colon + 1) : 0;
    }
    return pid;
}

static void try_tls(const char *what, const char *certificate, const char *trusted, const char *problem,
                    apr_pool_t *pool)
{
    mcp_fetch_options_t tls = { .timeout = APR_TIME_C(5000000), .ca_file = trusted };
    mcp_answer_t answer;
    unsigned port;
    pid_t pid = serve_tls(&port, certificate);

    if (port == 0) {
        skip(1, "openssl(1) is not there");
    } else {
        exchange_fetch(&answer, apr_psprintf(pool, "https://localhost:%u/", port), MCP_REACH_ALL, &tls, pool);
        ok(problem ? answer.problem && strstr(answer.problem, problem) : answer.status == 200, "%s: %s", what,
           answer.problem ? answer.problem : "good");
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void test_tls(apr_pool_t *pool)
{
    char dir[] = "/tmp/mcp-fetch-XXXXXX";
    const char *good, *other, *elsewhere, *expired;

    if (!mkdtemp(dir)) {
        abort();
    }
    good = make_certificate(dir, "good", "localhost", 86400, pool);
    other = make_certificate(dir, "other", "localhost", 86400, pool);
    elsewhere = make_certificate(dir, "elsewhere", "as.example", 86400, pool);
    expired = make_certificate(dir, "expired", "localhost", -3600, pool);
    try_tls("a certificate that MCPCAFile trusts", good, good, NULL, pool);
    try_tls("one that the system does not", good, NULL, "self-signed", pool);
    try_tls("one that another CA file does not", good, other, "certificate problem", pool);
    try_tls("one of another name", elsewhere, elsewhere, "subject name", pool);
    try_tls("one that has expired", expired, expired, "expired", pool);
    try_tls("a CA file that is not there", good, "/nonexistent.pem", "certificate", pool);
    unlink(good);
    unlink(other);
    unlink(elsewhere);
    unlink(expired);
    rmdir(dir);
}

int main(void)
{
    apr_pool_t *pool = exchange_begin();

    test_tls(pool);
    exchange_end();
    return done_testing();
}
