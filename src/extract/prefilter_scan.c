/*
 * The function hs_scan is resolved to one of several, by what the processor
 * can do, when the library is loaded. The one for AVX-512 of Vectorscan 5.4.9
 * looks for a single byte in 64 bytes at a time and sees only the last of them,
 * except in the first 64: `a.?b` is missed in one of twenty places, `a[^x]` in
 * two of three. The library also exports the one for AVX2, which is right and
 * as fast. Each candidate is tried on expressions that make Vectorscan look for
 * bytes in all its ways, at every place of blocks of several sizes.
 *
 * All of them, and that for AVX2 too, miss a literal of two bytes at the end of
 * a block of 18 to 32 bytes (`kk|abc[^a]|key0`): such blocks go through a
 * matcher of their own. So no short block is ever given to it.
 */
#if WITH_HS
#include "prefilter_scan.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

enum {
    SHORT_SIZE = 256, /* pages below are filled up to it */
    BLOCK_MAX = 400,
};

/* Some libraries have it, some have not. */
extern hs_error_t avx2_hs_scan(const hs_database_t *database, const char *data,
                               unsigned size, unsigned flags,
                               hs_scratch_t *scratch,
                               match_event_handler on_match, void *ctx)
    __attribute__((weak));

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *ctx)
{
    (void)id, (void)from, (void)to, (void)flags;
    *(bool *)ctx = true;
    return 0;
}

hs_error_t scanner_scan(const struct scanner *scanner,
                        const hs_database_t *database, struct view page,
                        hs_scratch_t *scratch, match_event_handler on_found,
                        void *ctx)
{
    char block[SHORT_SIZE];
    assert(page.size <= UINT_MAX);
    if (page.size < SHORT_SIZE) {
        memset(block, '\n', sizeof(block));
        if (page.size)
            memcpy(block, page.data, page.size);
        page = view_of(block, sizeof(block));
    }
    return scanner->scan(database, page.data, (unsigned)page.size, 0, scratch,
                         on_found, ctx);
}

static bool finds_at(const struct scanner *scanner, const hs_database_t *db,
                     hs_scratch_t *scratch, unsigned size, unsigned place)
{
    static const char needle[] = "aabb";
    char block[BLOCK_MAX];
    bool is_found = false;
    memset(block, 'x', size);
    memcpy(block + place, needle, sizeof(needle) - 1);
    return scanner_scan(scanner, db, view_of(block, size), scratch, on_match,
                        &is_found) == HS_SUCCESS &&
           is_found;
}

static bool finds_everywhere(const struct scanner *scanner,
                             const hs_database_t *db, hs_scratch_t *scratch)
{
    static const unsigned sizes[] = { 20, 32, 256, 300, 321, BLOCK_MAX };
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++)
        for (unsigned place = 0; place + 4 <= sizes[i]; place++)
            if (!finds_at(scanner, db, scratch, sizes[i], place))
                return false;
    return true;
}

/* Compiles one of the probes and tries it. */
static bool passes(const struct scanner *scanner, const char *expression,
                   unsigned flags)
{
    hs_database_t *db = NULL;
    hs_scratch_t *scratch = NULL;
    hs_compile_error_t *error = NULL;
    bool is_right = hs_compile(expression, flags, HS_MODE_BLOCK,
                               &scanner->platform, &db, &error) == HS_SUCCESS &&
                    hs_alloc_scratch(db, &scratch) == HS_SUCCESS &&
                    finds_everywhere(scanner, db, scratch);
    hs_free_compile_error(error);
    hs_free_scratch(scratch);
    hs_free_database(db);
    return is_right;
}

static bool is_right(const struct scanner *scanner)
{
    /* Each matches in the needle, and nowhere in what is around it. */
    static const char *const probes[] = {
        "a",       "[ab]",    "a[bc]",    "a.?b", "a[^x]",
        "a[^b]*b", "[^x]{3}", "[a-d]*bb", "aabb", "bb|zyx[^a]|zyw0",
    };
    for (size_t i = 0; i < ARRAY_COUNT(probes); i++)
        if (!passes(scanner, probes[i], HS_FLAG_SINGLEMATCH))
            return false;
    return true;
}

static bool has_avx2(void)
{
#if defined(__x86_64__)
    return avx2_hs_scan && __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

bool scanner_choose(struct scanner *ret_scanner)
{
    struct scanner scanner = { .scan = hs_scan, .name = "hs_scan" };
    if (hs_populate_platform(&scanner.platform) == HS_SUCCESS &&
        is_right(&scanner)) {
        *ret_scanner = scanner;
        return true;
    }
    if (!has_avx2())
        return false;
    scanner = (struct scanner){ .scan = avx2_hs_scan, .name = "avx2_hs_scan" };
    scanner.platform.cpu_features = HS_CPU_FEATURES_AVX2;
    if (!is_right(&scanner))
        return false;
    *ret_scanner = scanner;
    return true;
}
#else
typedef int no_scanner; /* a file must hold something */
#endif
