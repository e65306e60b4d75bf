/* tap.h - the Test Anything Protocol for C tests: count, compare, say which one failed and why.
 * A test is one program. It ends with `return done_testing();`, which is 0 only when everything was as expected.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_run, tap_failed, tap_planned = -1;

/* Say how many tests there will be. Without it done_testing says how many there were. */
static inline void plan(int count)
{
    tap_planned = count;
    printf("1..%d\n", count);
    fflush(stdout);
}

__attribute__((format(printf, 1, 2))) static inline void diag(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "# ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
}

static inline bool tap_report(bool good, const char *file, int line, const char *format, va_list args)
{
    tap_run++;
    tap_failed += good ? 0 : 1;
    printf("%sok %d - ", good ? "" : "not ", tap_run);
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    if (!good) {
        diag("failed at %s:%d", file, line);
    }
    return good;
}

__attribute__((format(printf, 4, 5))) static inline bool tap_ok(bool good, const char *file, int line,
                                                                const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tap_report(good, file, line, format, args);
    va_end(args);
    return good;
}

__attribute__((format(printf, 5, 6))) static inline bool tap_is_str(const char *got, const char *expected,
                                                                    const char *file, int line, const char *format, ...)
{
    bool good = got && expected ? strcmp(got, expected) == 0 : got == expected;
    va_list args;

    va_start(args, format);
    tap_report(good, file, line, format, args);
    va_end(args);
    if (!good) {
        diag("     got: %s%s%s", got ? "'" : "", got ? got : "NULL", got ? "'" : "");
        diag("expected: %s%s%s", expected ? "'" : "", expected ? expected : "NULL", expected ? "'" : "");
    }
    return good;
}

__attribute__((format(printf, 5, 6))) static inline bool tap_is_int(long long got, long long expected, const char *file,
                                                                    int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tap_report(got == expected, file, line, format, args);
    va_end(args);
    if (got != expected) {
        diag("     got: %lld", got);
        diag("expected: %lld", expected);
    }
    return got == expected;
}

/* Each takes a name in printf's manner last, and is true when the test passed. */
#define ok(good, ...) tap_ok((good), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, expected, ...) tap_is_str((got), (expected), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, expected, ...) tap_is_int((long long)(got), (long long)(expected), __FILE__, __LINE__, __VA_ARGS__)

/* Count tests that cannot be run here, with the reason. */
static inline void skip(int count, const char *why)
{
    while (count-- > 0) {
        printf("ok %d # SKIP %s\n", ++tap_run, why);
    }
    fflush(stdout);
}

/* The exit code of the test. */
static inline int done_testing(void)
{
    if (tap_planned < 0) {
        printf("1..%d\n", tap_run);
    } else if (tap_planned != tap_run) {
        diag("planned %d tests, ran %d", tap_planned, tap_run);
    }
    if (tap_failed > 0) {
        diag("%d of %d tests failed", tap_failed, tap_run);
    }
    return tap_failed > 0 || tap_run == 0 || (tap_planned >= 0 && tap_planned != tap_run);
}

#endif
