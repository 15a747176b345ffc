/*
 * The function hs_scan is resolved to one of several, by what the processor
 * can do, when the library is loaded. In Vectorscan 5.4.9 all of them search
 * for single bytes and for pairs with code that is right for vectors of 16
 * bytes only: with AVX-512 it sees the last byte of 64 and no other, after the
 * first 64 (`a[^x]` is missed in two places of three), with AVX2 it passes over
 * what comes within the first vector of a search (`a[0-9]*a`). The library also
 * exports the one for SSE 4.2 under its own name, which is right; on 50 MB of
 * pages and sets of 52 to 5,000 expressions it is 0 to 10 % slower. Each
 * candidate is tried on expressions that make Vectorscan look for bytes in all
 * its ways, at every place of blocks of several sizes.
 *
 * Those for AVX also miss a literal of two bytes at the end of a block of 18 to
 * 32 bytes (`kk|abc[^a]|key0`): such blocks go through a matcher of their own.
 * So no short block is ever given to it.
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

/* Some libraries have these, some have not. */
extern hs_error_t avx2_hs_scan(const hs_database_t *database, const char *data,
                               unsigned size, unsigned flags,
                               hs_scratch_t *scratch,
                               match_event_handler on_match, void *ctx)
    __attribute__((weak));
extern hs_error_t corei7_hs_scan(const hs_database_t *database,
                                 const char *data, unsigned size,
                                 unsigned flags, hs_scratch_t *scratch,
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
    /* Each matches in the needle, and nowhere in what is around it. First
     * those that 5.4.9 fails, to be done soon. */
    static const char *const probes[] = {
        "a[0-9]*a", "a[^x]",    "a.?b", "a[^b]*b",
        "b[0-9]*b", "a",        "[ab]", "a[bc]",
        "[^x]{3}",  "[a-d]*bb", "aabb", "bb|zyx[^a]|zyw0",
    };
    for (size_t i = 0; i < ARRAY_COUNT(probes); i++)
        if (!passes(scanner, probes[i], HS_FLAG_SINGLEMATCH))
            return false;
    return true;
}

enum { CANDIDATES_MAX = 3 };

/* The best first. */
static size_t list_candidates(struct scanner *candidates)
{
    size_t count = 0;
    struct scanner *scanner = &candidates[count];
    *scanner = (struct scanner){ .scan = hs_scan, .name = "hs_scan" };
    if (hs_populate_platform(&scanner->platform) == HS_SUCCESS)
        count++;
#if defined(__x86_64__)
    if (avx2_hs_scan && __builtin_cpu_supports("avx2")) {
        scanner = &candidates[count++];
        *scanner =
            (struct scanner){ .scan = avx2_hs_scan, .name = "avx2_hs_scan" };
        scanner->platform.cpu_features = HS_CPU_FEATURES_AVX2;
    }
    if (corei7_hs_scan && __builtin_cpu_supports("sse4.2"))
        candidates[count++] = (struct scanner){ .scan = corei7_hs_scan,
                                                .name = "corei7_hs_scan" };
#endif
    return count;
}

bool scanner_choose(struct scanner *ret_scanner)
{
    struct scanner candidates[CANDIDATES_MAX];
    size_t count = list_candidates(candidates);
    for (size_t i = 0; i < count; i++)
        if (is_right(&candidates[i])) {
            *ret_scanner = candidates[i];
            return true;
        }
    return false;
}
#else
typedef int no_scanner; /* a file must hold something */
#endif
