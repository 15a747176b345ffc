/*
 * seek.h - the next match of one pattern from a place on, under limits and a
 * clock; between matcher.c and PCRE2.
 *
 * Limits on matching do not bound time: their count begins anew at each start
 * position (pcre2api, "pcre2_set_match_limit"). So a text is searched in
 * windows of start positions (PCRE2_USE_OFFSET_LIMIT), and the clock is read
 * between them. A call that overflows the JIT stack is made again with a
 * larger one, then by the interpreter under the heap limit.
 *
 * Thread rule: belongs to one matcher.
 */
#ifndef FETCHGREP_EXTRACT_SEEK_H
#define FETCHGREP_EXTRACT_SEEK_H

#include "compiled.h"

#include "fetchgrep/extract/matcher.h"

struct seeker {
    const struct patterns *patterns;
    pcre2_match_context *context;
    pcre2_match_data *data; /* large enough for any pattern */
    uint32_t capture_count; /* which `data` has room for */
    pcre2_jit_stack *jit_stack;
    size_t large_stack_bytes;
    bool is_raw;     /* text is not UTF-8 */
    bool is_swollen; /* `data` keeps what the interpreter took */
    int64_t (*now_ns)(void);
    int64_t page_time_ns; /* 0: no clock */
    int64_t page_end_ns;  /* of the page at hand */
    int64_t deadline_ns;  /* of the pattern at hand */
    int64_t checked_ns;   /* when the clock was read last */
    size_t window;        /* start positions between two readings */
    size_t window_max;    /* for the page at hand */
    size_t left;          /* of the window */
    uint32_t match_limit; /* the real one */
    uint32_t *efforts;    /* of each pattern, the limit it needed lately */
    bool is_late;         /* the deadline is over */
};

/* Where to search on, and with which flags. */
struct cursor {
    size_t start;
    uint32_t flags;
    size_t window; /* windows before it are done; not beyond start: none is */
};

/* Beside PCRE2's error codes. */
enum { SEEK_PAGE_TIME = -100000 };

bool seeker_init(struct seeker *seeker, const struct patterns *patterns,
                 const struct matcher_options *options,
                 struct error *err) MUST_CHECK;
void seeker_release(struct seeker *seeker);

/* Around each text: the clock starts, unless `goes_on`: another text of the
 * same page; memory that one hard page took goes back. */
void seek_begin(struct seeker *seeker, struct view text, bool goes_on);
void seek_end(struct seeker *seeker);

/* Before each pattern: how long it may take. One of `parts` parts of what is
 * left of the page's time. */
void seek_allot(struct seeker *seeker, size_t parts);

/* The same for one that was too late once. */
void seek_allot_again(struct seeker *seeker, size_t parts);

/* What pcre2_match says, or SEEK_PAGE_TIME: calling again after seek_allot goes
 * on. Moves `at->window` only. */
int seek_next(struct seeker *seeker, const struct pattern *pattern,
              struct view text, struct cursor *at);

/* What a failure is called in an outcome; NULL: ask PCRE2. */
const char *seek_limit_name(int code);

/* Bytes of the character at `at`; 1 in raw text. */
size_t seek_character_size(const struct seeker *seeker, struct view text,
                           size_t at);

#endif
