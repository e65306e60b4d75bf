#include "siphash.h"

#include "words.h"

typedef struct {
    apr_uint64_t v0, v1, v2, v3;
} state_t;

static apr_uint64_t rotate(apr_uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void mix(state_t *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32) + s->v3;
    s->v2 += s->v1;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline void absorb(state_t *s, apr_uint64_t word)
{
    s->v3 ^= word;
    mix(s);
    mix(s);
    s->v0 ^= word;
}

apr_uint64_t mcp_siphash(const mcp_siphash_key_t *key, mcp_view_t bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    apr_uint64_t k0 = mcp_words_load((const char *)key->bytes), k1 = mcp_words_load((const char *)key->bytes + 8);
    state_t s = { k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL, k0 ^ 0x6c7967656e657261ULL,
                  k1 ^ 0x7465646279746573ULL };
    apr_size_t whole = bytes.len / 8 * 8;
    apr_uint64_t last = (apr_uint64_t)bytes.len << 56;

    for (apr_size_t i = 0; i < whole; i += 8) {
        absorb(&s, mcp_words_load(bytes.data + i));
    }
    for (apr_size_t i = whole; i < bytes.len; i++) {
        last |= (apr_uint64_t)data[i] << 8 * (i - whole);
    }
    absorb(&s, last);
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++) {
        mix(&s);
    }
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
