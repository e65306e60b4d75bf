/* Feeds the seeds of a fuzz target to it: t/fuzz/corpus/NAME for a program called NAME.t, or the files named on the command
 * line (a crash to look at). As a test it fails when a property is violated, or no seed takes the success path.
 */
#include <dirent.h>

#include "../lib/tap.h"
#include "fuzz.h"

static bool feed(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    long size;
    bool good;

    if (!file) {
        return false;
    }
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    data = malloc(size > 0 ? (size_t)size : 1);
    good = data && size >= 0 && fread(data, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (good) {
        LLVMFuzzerTestOneInput(data, (size_t)size);
    }
    free(data);
    return good;
}

static void feed_directory(const char *directory)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, NULL, alphasort);

    ok(count > 2, "there are seeds in %s", directory);
    for (int i = 0; i < count; i++) {
        char path[512];

        snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            ok(feed(path), "%s", path);
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
}

int main(int argc, char *argv[])
{
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    char directory[256];

    for (int i = 1; i < argc; i++) {
        ok(feed(argv[i]), "%s", argv[i]);
    }
    if (argc == 1) {
        snprintf(directory, sizeof(directory), "t/fuzz/corpus/%.*s", (int)strcspn(name, "."), name);
        feed_directory(directory);
        ok(fuzz_reached > 0, "the success path was taken %lu times", fuzz_reached);
    }
    return done_testing();
}
