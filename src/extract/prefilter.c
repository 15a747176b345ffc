/*
 * Vectorscan behind prefilter.h. The expressions are compiled with SINGLEMATCH:
 * that a condition holds is all that is asked, once for each page.
 *
 * The scan watches whether it is worth its while: where nearly every page of a
 * run fulfils all conditions, the pages that follow are not scanned, but for
 * one now and then.
 */
#include "fetchgrep/extract/prefilter.h"

#include "compiled.h"
#include "necessary.h"
#include "prefilter_cache.h"

#include "fetchgrep/base/clock.h"

#if WITH_HS
#include "prefilter_scan.h"
#endif

enum {
    CONDITIONS_MAX = 256 << 20, /* bytes of all expressions together */
    WHY_SIZE = 96,
    LITERAL_SIZE = 3,  /* that PCRE2 searches as fast as a scan does */
    SLOW_COMPILE = 20, /* ms; such a database is kept */
    IDLE_PAGES = 32,   /* pages in a row without use */
    IDLE_REST = 512,   /* pages not scanned then */
};

struct condition {
    size_t at, size;    /* in `expressions`, a NUL behind it; size 0: none */
    char why[WHY_SIZE]; /* not; "" where it has one */
};

struct prefilter {
    const struct patterns *patterns;
    struct condition *conditions; /* of each pattern */
    struct buf expressions;
    size_t on_count; /* patterns with a condition */
    bool was_cached;
#if WITH_HS
    struct scanner scanner;
    hs_database_t *database; /* NULL: every pattern always runs */
    hs_scratch_t *scratch;   /* to be cloned */
#endif
};

struct prefilter_scan {
    const struct prefilter *prefilter;
    uint32_t *all; /* every pattern of the text */
    size_t all_count;
    uint32_t *indexes; /* those of the last page */
    uint64_t *always;  /* bits: patterns without a condition */
    uint64_t *hits;    /* and those whose condition holds */
    size_t words;
    size_t hit_count;     /* conditions that hold on the page at hand */
    size_t useless_count; /* pages in a row on which all did */
    size_t rest;          /* pages not to be scanned */
#if WITH_HS
    hs_scratch_t *scratch;
#endif
};

/* ---- conditions -------------------------------------------------------- */

static void always_runs(struct prefilter *prefilter, size_t index,
                        const char *why)
{
    struct condition *condition = &prefilter->conditions[index];
    if (condition->size)
        prefilter->on_count--;
    condition->size = 0;
    snprintf(condition->why, sizeof(condition->why), "%s", why);
}

static void find_condition(struct prefilter *prefilter, size_t index)
{
    const struct patterns *patterns = prefilter->patterns;
    const struct pattern *pattern = &patterns->list[index];
    const struct necessary_options options = {
        .is_caseless = patterns->flags & PCRE2_CASELESS,
        .is_utf = patterns->flags & PCRE2_UTF,
        .has_ucp = patterns->flags & PCRE2_UCP,
    };
    struct condition *condition = &prefilter->conditions[index];
    struct buf *out = &prefilter->expressions;
    if (pattern->subject != SUBJECT_TEXT) {
        always_runs(prefilter, index, "it is not searched in the text");
        return;
    }
    condition->at = out->size;
    if (!necessary_condition(view_of(pattern->regex, pattern->regex_size),
                             &options, out, condition->why,
                             sizeof(condition->why)))
        return;
    condition->why[0] = '\0';
    condition->size = out->size - condition->at;
    buf_append_char(out, '\0');
    prefilter->on_count++;
}

/* Whether the pattern begins with letters that PCRE2 looks for by itself. */
static bool begins_with_literal(const struct patterns *patterns,
                                const struct pattern *pattern)
{
    static const char special[] = "\\^$.[|()?*+{";
    size_t size = 0;
    if (patterns->flags & PCRE2_CASELESS)
        return false;
    while (size < pattern->regex_size && pattern->regex[size] &&
           !strchr(special, pattern->regex[size]))
        size++;
    /* The last letter may be repeated, or not be there. */
    return size > LITERAL_SIZE &&
           !memchr(pattern->regex, '|', pattern->regex_size);
}

static bool find_conditions(struct prefilter *prefilter,
                            const struct prefilter_options *options,
                            struct error *err)
{
    const struct patterns *patterns = prefilter->patterns;
    const char *why = NULL;
    if (!WITH_HS)
        why = "this fetchgrep was built without Vectorscan";
    else if (options->is_off)
        why = "--no-prefilter";
    else if (patterns->count == 1 &&
             begins_with_literal(patterns, &patterns->list[0]))
        why =
            "it is alone and begins with a literal, which PCRE2 finds as fast";
    for (size_t i = 0; i < patterns->count; i++) {
        if (why)
            always_runs(prefilter, i, why);
        else
            find_condition(prefilter, i);
    }
    return buf_check(&prefilter->expressions, "the prefilter", err);
}

struct view prefilter_condition(const struct prefilter *prefilter, size_t index,
                                const char **ret_why_not)
{
    const struct condition *condition = &prefilter->conditions[index];
    *ret_why_not = condition->why;
    return view_of(prefilter->expressions.data + condition->at,
                   condition->size);
}

/* ---- the database ------------------------------------------------------ */

#if WITH_HS

enum { FLAGS = HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH };

/* What hs_compile_multi takes: the conditions in the patterns' order, each
 * with its pattern's index as its id. */
struct set {
    const char **expressions;
    unsigned *flags;
    unsigned *ids;
    size_t count;
};

static void set_release(struct set *set)
{
    free(set->expressions);
    free(set->flags);
    free(set->ids);
}

static bool set_init(struct set *set, const struct prefilter *prefilter)
{
    size_t room = prefilter->on_count + 1;
    *set = (struct set){
        .expressions = calloc(room, sizeof(*set->expressions)),
        .flags = calloc(room, sizeof(*set->flags)),
        .ids = calloc(room, sizeof(*set->ids)),
    };
    if (!set->expressions || !set->flags || !set->ids) {
        set_release(set);
        return false;
    }
    for (size_t i = 0; i < prefilter->patterns->count; i++) {
        const struct condition *condition = &prefilter->conditions[i];
        if (!condition->size)
            continue;
        set->expressions[set->count] =
            prefilter->expressions.data + condition->at;
        set->flags[set->count] = FLAGS;
        set->ids[set->count++] = (unsigned)i;
    }
    return true;
}

/* What makes the database, for the cache's key. */
static void describe(const struct prefilter *prefilter, struct buf *out)
{
    const hs_platform_info_t *platform = &prefilter->scanner.platform;
    buf_append_format(out, "%s\n%s %u %llu %d\n", hs_version(),
                      prefilter->scanner.name, platform->tune,
                      platform->cpu_features, FLAGS);
    for (size_t i = 0; i < prefilter->patterns->count; i++) {
        const struct condition *condition = &prefilter->conditions[i];
        if (!condition->size)
            continue;
        buf_append_format(out, "%zu ", i);
        buf_append(out, prefilter->expressions.data + condition->at,
                   condition->size + 1);
    }
}

/* Leaves out the expressions that Vectorscan refuses for themselves. */
static void leave_refused_out(struct prefilter *prefilter)
{
    for (size_t i = 0; i < prefilter->patterns->count; i++) {
        const struct condition *condition = &prefilter->conditions[i];
        hs_expr_info_t *info = NULL;
        hs_compile_error_t *problem = NULL;
        if (!condition->size)
            continue;
        if (hs_expression_info(prefilter->expressions.data + condition->at,
                               FLAGS, &info, &problem) != HS_SUCCESS)
            always_runs(prefilter, i,
                        problem ? problem->message : "Vectorscan refuses it");
        free(info);
        hs_free_compile_error(problem);
    }
}

/* Compiles what is left, without those that turn out to be too large. False:
 * there is no database. */
static bool compile(struct prefilter *prefilter)
{
    leave_refused_out(prefilter);
    while (prefilter->on_count) {
        struct set set;
        hs_compile_error_t *problem = NULL;
        if (!set_init(&set, prefilter))
            return false;
        hs_error_t code = hs_compile_multi(set.expressions, set.flags, set.ids,
                                           (unsigned)set.count, HS_MODE_BLOCK,
                                           &prefilter->scanner.platform,
                                           &prefilter->database, &problem);
        int culprit = problem ? problem->expression : -1;
        if (code != HS_SUCCESS && culprit >= 0)
            always_runs(prefilter, set.ids[culprit], problem->message);
        hs_free_compile_error(problem);
        set_release(&set);
        if (code == HS_SUCCESS)
            return true;
        if (culprit < 0)
            return false;
    }
    return false;
}

static bool read_cached(struct prefilter *prefilter, const char *dir,
                        const char *key)
{
    struct buf bytes;
    buf_init(&bytes, SIZE_MAX / 2);
    bool done = cache_read(dir, key, &bytes) &&
                hs_deserialize_database(bytes.data, bytes.size,
                                        &prefilter->database) == HS_SUCCESS;
    buf_release(&bytes);
    prefilter->was_cached = done;
    return done;
}

static void keep(const struct prefilter *prefilter, const char *dir,
                 const char *key)
{
    char *bytes = NULL;
    size_t size = 0;
    if (hs_serialize_database(prefilter->database, &bytes, &size) == HS_SUCCESS)
        cache_write(dir, key, view_of(bytes, size));
    free(bytes);
}

/* From the cache, or compiled; what took long is kept. While it is compiled
 * nobody else does the same. */
static bool make_database(struct prefilter *prefilter, const char *dir)
{
    /* Fewer never take long enough to be kept. */
    enum { KEPT_COUNT = 8 };
    char key[CACHE_KEY_SIZE];
    struct buf description;
    if (!dir || prefilter->on_count < KEPT_COUNT)
        return compile(prefilter);
    buf_init(&description, SIZE_MAX / 2);
    describe(prefilter, &description);
    if (description.failed) {
        buf_release(&description);
        return compile(prefilter);
    }
    cache_key(buf_view(&description), key);
    buf_release(&description);
    if (read_cached(prefilter, dir, key))
        return true;
    int lock_fd = cache_lock(dir, key);
    bool done = lock_fd >= 0 && read_cached(prefilter, dir, key);
    if (!done) {
        int64_t started_ns = clock_now_ns();
        done = compile(prefilter);
        int64_t took_ms = (clock_now_ns() - started_ns) / CLOCK_NS_PER_MS;
        if (done && lock_fd >= 0 && took_ms >= SLOW_COMPILE)
            keep(prefilter, dir, key);
    }
    cache_unlock(dir, key, lock_fd);
    return done;
}

/* Without a database every pattern always runs. */
static void give_up(struct prefilter *prefilter, const char *why)
{
    for (size_t i = 0; i < prefilter->patterns->count; i++)
        if (prefilter->conditions[i].size)
            always_runs(prefilter, i, why);
    hs_free_database(prefilter->database);
    prefilter->database = NULL;
}

static void set_up(struct prefilter *prefilter, const char *cache_dir)
{
    if (!prefilter->on_count)
        return;
    if (!scanner_choose(&prefilter->scanner))
        give_up(prefilter, "Vectorscan misses matches on this machine");
    else if (!make_database(prefilter, cache_dir))
        give_up(prefilter, "Vectorscan could not compile the set");
    else if (hs_alloc_scratch(prefilter->database, &prefilter->scratch) !=
             HS_SUCCESS)
        give_up(prefilter, "Vectorscan got no memory");
}

#endif

/* ---- life -------------------------------------------------------------- */

struct prefilter *prefilter_new(const struct patterns *patterns,
                                const struct prefilter_options *options,
                                struct error *err)
{
    struct prefilter *prefilter = calloc(1, sizeof(*prefilter));
    if (!prefilter) {
        error_no_memory(err, "the prefilter");
        return NULL;
    }
    prefilter->patterns = patterns;
    buf_init(&prefilter->expressions, CONDITIONS_MAX);
    prefilter->conditions =
        calloc(patterns->count + 1, sizeof(*prefilter->conditions));
    if (!prefilter->conditions) {
        prefilter_free(prefilter);
        error_no_memory(err, "the prefilter");
        return NULL;
    }
    if (!find_conditions(prefilter, options, err)) {
        prefilter_free(prefilter);
        return NULL;
    }
#if WITH_HS
    set_up(prefilter, options->cache_dir);
#endif
    return prefilter;
}

void prefilter_free(struct prefilter *prefilter)
{
    if (!prefilter)
        return;
#if WITH_HS
    hs_free_scratch(prefilter->scratch);
    hs_free_database(prefilter->database);
#endif
    buf_release(&prefilter->expressions);
    free(prefilter->conditions);
    free(prefilter);
}

bool prefilter_is_on(const struct prefilter *prefilter)
{
    return prefilter->on_count > 0;
}

bool prefilter_was_cached(const struct prefilter *prefilter)
{
    return prefilter->was_cached;
}

char *prefilter_cache_dir(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *dir = NULL;
    int size = -1;
    /* A relative path is to be ignored, says the specification. */
    if (cache && cache[0] == '/')
        size = asprintf(&dir, "%s/fetchgrep", cache);
    else if (home && home[0] == '/')
        size = asprintf(&dir, "%s/.cache/fetchgrep", home);
    return size < 0 ? NULL : dir;
}

/* ---- scanning ---------------------------------------------------------- */

struct prefilter_scan *prefilter_scan_new(const struct prefilter *prefilter,
                                          struct error *err)
{
    struct prefilter_scan *scan = calloc(1, sizeof(*scan));
    if (!scan) {
        error_no_memory(err, "a scan");
        return NULL;
    }
    size_t count = prefilter->patterns->count;
    scan->prefilter = prefilter;
    scan->words = count / 64 + 1;
    scan->all = calloc(count + 1, sizeof(*scan->all));
    scan->indexes = calloc(count + 1, sizeof(*scan->indexes));
    scan->always = calloc(scan->words, sizeof(*scan->always));
    scan->hits = calloc(scan->words, sizeof(*scan->hits));
    bool done = scan->all && scan->indexes && scan->always && scan->hits;
    for (size_t i = 0; done && i < count; i++) {
        if (prefilter->patterns->list[i].subject != SUBJECT_TEXT)
            continue;
        scan->all[scan->all_count++] = (uint32_t)i;
        if (!prefilter->conditions[i].size)
            scan->always[i / 64] |= UINT64_C(1) << (i % 64);
    }
#if WITH_HS
    done = done &&
           (!prefilter->database ||
            hs_clone_scratch(prefilter->scratch, &scan->scratch) == HS_SUCCESS);
#endif
    if (done)
        return scan;
    prefilter_scan_free(scan);
    error_no_memory(err, "a scan");
    return NULL;
}

void prefilter_scan_free(struct prefilter_scan *scan)
{
    if (!scan)
        return;
#if WITH_HS
    hs_free_scratch(scan->scratch);
#endif
    free(scan->all);
    free(scan->indexes);
    free(scan->always);
    free(scan->hits);
    free(scan);
}

#if WITH_HS

/* A condition holds. Nothing more is to be learnt when all of them do. */
static int on_hit(unsigned id, unsigned long long from, unsigned long long to,
                  unsigned flags, void *ctx)
{
    struct prefilter_scan *scan = ctx;
    uint64_t bit = UINT64_C(1) << (id % 64);
    (void)from, (void)to, (void)flags;
    if (scan->hits[id / 64] & bit)
        return 0;
    scan->hits[id / 64] |= bit;
    return ++scan->hit_count == scan->prefilter->on_count;
}

/* Whether it was of use; where it was not for long, it rests. */
static void judge(struct prefilter_scan *scan)
{
    bool is_useless = scan->hit_count == scan->prefilter->on_count;
    scan->useless_count = is_useless ? scan->useless_count + 1 : 0;
    if (scan->useless_count < IDLE_PAGES)
        return;
    scan->useless_count = IDLE_PAGES - 1;
    scan->rest = IDLE_REST;
}

static size_t collect(const struct prefilter_scan *scan)
{
    size_t count = 0;
    for (size_t i = 0; i < scan->words; i++)
        for (uint64_t bits = scan->hits[i]; bits; bits &= bits - 1)
            scan->indexes[count++] =
                (uint32_t)(i * 64 + (size_t)__builtin_ctzll(bits));
    return count;
}

static bool scan_for_hits(struct prefilter_scan *scan, struct view text)
{
    memcpy(scan->hits, scan->always, scan->words * sizeof(*scan->hits));
    scan->hit_count = 0;
    const struct prefilter *prefilter = scan->prefilter;
    hs_error_t code = scanner_scan(&prefilter->scanner, prefilter->database,
                                   text, scan->scratch, on_hit, scan);
    return code == HS_SUCCESS || code == HS_SCAN_TERMINATED;
}

#endif

const uint32_t *prefilter_scan_text(struct prefilter_scan *scan,
                                    struct view text, size_t *ret_count)
{
    *ret_count = scan->all_count;
#if WITH_HS
    if (!scan->prefilter->database || text.size > UINT32_MAX)
        return scan->all;
    if (scan->rest) {
        scan->rest--;
        return scan->all;
    }
    if (!scan_for_hits(scan, text))
        return scan->all;
    judge(scan);
    *ret_count = collect(scan);
    return scan->indexes;
#else
    (void)text;
    return scan->all;
#endif
}
