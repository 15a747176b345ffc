/*
 * Pages are mostly ASCII: blocks of 64 bytes without a high bit are passed at
 * memory speed. Other blocks go through tables 32 bytes at a time where the CPU
 * has AVX2; what is at fault, the rest, and all of it on other machines, goes
 * through the rows of Unicode's table 3-7.
 */
#include "fetchgrep/base/utf8.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { BLOCK_SIZE = 64 };

static bool is_ascii_block(const unsigned char *p)
{
#if defined(__SSE2__)
    const __m128i *block = (const __m128i *)(const void *)p;
    __m128i low =
        _mm_or_si128(_mm_loadu_si128(block), _mm_loadu_si128(block + 1));
    __m128i high =
        _mm_or_si128(_mm_loadu_si128(block + 2), _mm_loadu_si128(block + 3));
    return _mm_movemask_epi8(_mm_or_si128(low, high)) == 0;
#else
    uint64_t words[BLOCK_SIZE / 8], all = 0;
    memcpy(words, p, sizeof(words));
    for (size_t i = 0; i < BLOCK_SIZE / 8; i++)
        all |= words[i];
    return !(all & UINT64_C(0x8080808080808080));
#endif
}

/* Bytes of the sequence that a lead byte begins, and the range of the second
 * byte (Unicode 15, table 3-7); 0: no lead byte. */
static size_t sequence_size(unsigned char lead, unsigned char *low,
                            unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef) {
        *low = lead == 0xe0 ? 0xa0 : 0x80;
        *high = lead == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *low = lead == 0xf0 ? 0x90 : 0x80;
        *high = lead == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

/* How many bytes at `p` belong together; `*ret_valid` when they are a whole
 * sequence, else they are a maximal ill-formed part. */
static size_t scan_sequence(const unsigned char *p, size_t left,
                            bool *ret_valid)
{
    unsigned char low, high;
    size_t size = sequence_size(p[0], &low, &high), at = 1;
    while (at < size && at < left && p[at] >= low && p[at] <= high) {
        low = 0x80;
        high = 0xbf;
        at++;
    }
    *ret_valid = size && at == size;
    return at;
}

/* Where the sequence begins that is not yet whole at `at`, or a byte stands
 * that never begins one; `at` when there is none. What lies before is known to
 * have no fault that shows in two neighbouring bytes. */
static size_t back_to_boundary(const unsigned char *p, size_t at)
{
    unsigned char low, high;
    for (size_t back = 1; back <= 3 && back <= at; back++) {
        if (p[at - back] < 0x80)
            return at;
        if (p[at - back] < 0xc0)
            continue;
        size_t size = sequence_size(p[at - back], &low, &high);
        return size && size <= back ? at : at - back;
    }
    return at;
}

/* From `at`, where a sequence begins. */
HOT_FUNCTION static size_t valid_prefix_from(struct view text, size_t at)
{
    const unsigned char *p = (const unsigned char *)text.data;
    while (at < text.size) {
        while (text.size - at >= BLOCK_SIZE && is_ascii_block(p + at))
            at += BLOCK_SIZE;
        /* To the end of this block, byte by byte where need be. */
        size_t end = text.size - at > BLOCK_SIZE ? at + BLOCK_SIZE : text.size;
        while (at < end) {
            bool is_valid = p[at] < 0x80;
            size_t size = 1;
            if (UNLIKELY(!is_valid))
                size = scan_sequence(p + at, text.size - at, &is_valid);
            if (UNLIKELY(!is_valid))
                return at;
            at += size;
        }
    }
    return at;
}

size_t utf8_valid_prefix_plain(struct view text)
{
    return valid_prefix_from(text, 0);
}

#if defined(__x86_64__)

/* ---- 32 bytes at a time ----------------------------------------------- */

/*
 * The lookup algorithm of Keiser and Lemire ("Validating UTF-8 in less than one
 * instruction per byte", 2021): whatever can be wrong with two neighbouring
 * bytes shows in the high half of the first, the low half of the first and the
 * high half of the second; three tables of 16 give the faults that each of them
 * allows, and what all three allow is there. Left over are the third and fourth
 * bytes of a sequence: whether they stand where they must.
 */
enum fault {
    FAULT_SHORT = 1 << 0,      /* a lead byte, then no continuation */
    FAULT_LONG = 1 << 1,       /* ASCII, then a continuation */
    FAULT_OVERLONG_3 = 1 << 2, /* e0 80..9f */
    FAULT_LARGE = 1 << 3,      /* f4 90.. and beyond */
    FAULT_SURROGATE = 1 << 4,  /* ed a0..bf */
    FAULT_OVERLONG_2 = 1 << 5, /* c0, c1 */
    FAULT_OVERLONG_4 = 1 << 6, /* f0 80..8f, and f5.. 80..8f */
    FAULT_TWO = 1 << 7,        /* two continuations: right in some places */
    FAULT_ANY_LOW = FAULT_SHORT | FAULT_LONG | FAULT_TWO,
    FAULT_TOO_LARGE = FAULT_ANY_LOW | FAULT_LARGE | FAULT_OVERLONG_4,
};

#define ROW_OF(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))
#define AS_CHAR(n)  ((char)(unsigned char)(n))

typedef __m256i block32;

TARGET_CPU("avx2")
static inline block32 faults_of_first_high(block32 high)
{
    const char l = FAULT_LONG, t = AS_CHAR(FAULT_TWO);
    const block32 row = ROW_OF(l, l, l, l, l, l, l, l, t, t, t, t,
                               FAULT_SHORT | FAULT_OVERLONG_2, FAULT_SHORT,
                               FAULT_SHORT | FAULT_OVERLONG_3 | FAULT_SURROGATE,
                               FAULT_SHORT | FAULT_LARGE | FAULT_OVERLONG_4);
    return _mm256_shuffle_epi8(row, high);
}

TARGET_CPU("avx2")
static inline block32 faults_of_first_low(block32 low)
{
    const char any = AS_CHAR(FAULT_ANY_LOW), big = AS_CHAR(FAULT_TOO_LARGE);
    const block32 row = ROW_OF(
        AS_CHAR(FAULT_ANY_LOW | FAULT_OVERLONG_2 | FAULT_OVERLONG_3 |
                FAULT_OVERLONG_4),
        AS_CHAR(FAULT_ANY_LOW | FAULT_OVERLONG_2), any, any,
        AS_CHAR(FAULT_ANY_LOW | FAULT_LARGE), big, big, big, big, big, big, big,
        big, AS_CHAR(FAULT_TOO_LARGE | FAULT_SURROGATE), big, big);
    return _mm256_shuffle_epi8(row, low);
}

TARGET_CPU("avx2")
static inline block32 faults_of_second_high(block32 high)
{
    const char s = FAULT_SHORT;
    const int common = FAULT_LONG | FAULT_OVERLONG_2 | FAULT_TWO;
    const char from_a0 = AS_CHAR(common | FAULT_SURROGATE | FAULT_LARGE);
    const block32 row =
        ROW_OF(s, s, s, s, s, s, s, s,
               AS_CHAR(common | FAULT_OVERLONG_3 | FAULT_OVERLONG_4),
               AS_CHAR(common | FAULT_OVERLONG_3 | FAULT_LARGE), from_a0,
               from_a0, s, s, s, s);
    return _mm256_shuffle_epi8(row, high);
}

/* `bytes` moved up by N, the last ones of `before` in front. */
#define MOVED_UP(bytes, before, n)                                             \
    _mm256_alignr_epi8(bytes, _mm256_permute2x128_si256(before, bytes, 0x21),  \
                       16 - (n))

/* Not zero where a fault shows; a sequence that runs on beyond the end shows
 * in the block behind it. */
TARGET_CPU("avx2")
static inline block32 faults_in(block32 bytes, block32 before)
{
    const block32 nibble = _mm256_set1_epi8(0x0f);
    block32 first = MOVED_UP(bytes, before, 1);
    block32 faults = _mm256_and_si256(
        _mm256_and_si256(faults_of_first_high(_mm256_and_si256(
                             _mm256_srli_epi16(first, 4), nibble)),
                         faults_of_first_low(_mm256_and_si256(first, nibble))),
        faults_of_second_high(
            _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble)));
    /* The top bit: two or three bytes back a lead byte wants a continuation. */
    block32 third = _mm256_subs_epu8(MOVED_UP(bytes, before, 2),
                                     _mm256_set1_epi8(0xe0 - 0x80));
    block32 fourth = _mm256_subs_epu8(MOVED_UP(bytes, before, 3),
                                      _mm256_set1_epi8(0xf0 - 0x80));
    block32 wanted = _mm256_and_si256(_mm256_or_si256(third, fourth),
                                      _mm256_set1_epi8(AS_CHAR(FAULT_TWO)));
    return _mm256_xor_si256(wanted, faults);
}

TARGET_CPU("avx2")
static inline block32 load32(const unsigned char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* How many whole blocks from the start have no fault, in bytes. */
TARGET_CPU("avx2")
HOT_FUNCTION static size_t faultless_blocks(const unsigned char *p, size_t size)
{
    block32 before = _mm256_setzero_si256();
    size_t at = 0;
    for (; size - at >= BLOCK_SIZE; at += BLOCK_SIZE) {
        block32 one = load32(p + at), two = load32(p + at + 32);
        /* ASCII behind ASCII; else the block before may be cut short here. */
        block32 all = _mm256_or_si256(_mm256_or_si256(one, two), before);
        if (_mm256_movemask_epi8(all)) {
            block32 faults =
                _mm256_or_si256(faults_in(one, before), faults_in(two, one));
            if (!_mm256_testz_si256(faults, faults))
                break;
        }
        before = two;
    }
    return at;
}

#endif

size_t utf8_valid_prefix(struct view text)
{
#if defined(__x86_64__)
    const unsigned char *p = (const unsigned char *)text.data;
    if (text.size >= 2 * BLOCK_SIZE && __builtin_cpu_supports("avx2"))
        return valid_prefix_from(
            text, back_to_boundary(p, faultless_blocks(p, text.size)));
#endif
    return valid_prefix_from(text, 0);
}

size_t utf8_ascii_prefix(struct view text)
{
    const unsigned char *p = (const unsigned char *)text.data;
    size_t at = 0;
    while (text.size - at >= BLOCK_SIZE && is_ascii_block(p + at))
        at += BLOCK_SIZE;
    while (at < text.size && p[at] < 0x80)
        at++;
    return at;
}

size_t utf8_append_valid(struct buf *out, struct view text)
{
    size_t replaced = 0;
    while (text.size) {
        size_t valid = utf8_valid_prefix(text);
        buf_append_view(out, view_first(text, valid));
        text = view_from(text, valid);
        if (!text.size)
            break;
        bool is_valid;
        size_t bad = scan_sequence((const unsigned char *)text.data, text.size,
                                   &is_valid);
        buf_append(out, "\xEF\xBF\xBD", 3);
        text = view_from(text, bad);
        replaced++;
    }
    return replaced;
}
