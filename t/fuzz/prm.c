/* MCPMetadata: words on the first lines, the name on the last. What was set is there, and the document is JSON. */
#include "../../src/core/prm.h"
#include "../../src/core/json.h"
#include "fuzz.h"

unsigned long fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    char *text = fuzz_string(data, size);
    apr_array_header_t *words = fuzz_lines(text, pool), *issuers = apr_array_make(pool, 1, sizeof(const char *));
    const char *name, *wrong, *document, *path;
    json_t *object = mcp_json_own(json_object(), pool), *parsed;
    mcp_prm_t prm = { .resource = "https://h/mcp", .issuers = issuers, .extra = object };

    name = *(const char **)apr_array_pop(words);
    if (words->nelts > 0) {
        wrong = mcp_prm_set(object, name, words, pool);
        document = mcp_prm_format(&prm, pool);
        fuzz_must((wrong == NULL) == (json_object_get(object, name) != NULL),
                  "a member is there unless something is wrong");
        fuzz_must(document && mcp_json_parse_object(&parsed, mcp_view_of(document), pool) == MCP_OK,
                  "a document is JSON");
        fuzz_must(strcmp(json_string_value(json_object_get(parsed, "resource")), "https://h/mcp") == 0,
                  "the resource stays");
        fuzz_must(wrong || words->nelts == 1 || json_array_size(json_object_get(object, name)) == (size_t)words->nelts,
                  "no word of several is lost");
        fuzz_reached += wrong == NULL;
    }
    if (mcp_prm_match(&path, name, pool)) {
        fuzz_must(*path == '/' || *name != '/', "a resource's path is one");
        mcp_prm_variant("https://h/mcp", path, pool);
    }
    free(text);
    apr_pool_destroy(pool);
    return 0;
}
