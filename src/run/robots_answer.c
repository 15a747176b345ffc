#include "robots_answer.h"

#include "fetchgrep/base/dechunk.h"
#include "fetchgrep/extract/decode.h"
#include "fetchgrep/model/http_head.h"

enum { DETAIL_SIZE = 200 };

/* The last line of what --max-body has cut is not whole. */
static void drop_cut_line(struct view *text)
{
    while (text->size && text->data[text->size - 1] != '\n' &&
           text->data[text->size - 1] != '\r')
        text->size--;
}

/* The text of the file: its codings taken off, as much of it as is read. False
 * when nobody can read it. */
static bool read_text(const struct page *page, struct buf *plain,
                      struct buf *scratch, struct buf *spare,
                      struct view *ret_text)
{
    struct http_head head;
    struct view body =
        view_of(page->bytes.data + page->head_size, page->body_size);
    char detail[DETAIL_SIZE];
    size_t used;
    if (!http_head_parse(view_of(page->bytes.data, page->head_size), &head))
        return false;
    if (head.is_chunked) {
        if (dechunk(body, plain, &used) == DECHUNK_MALFORMED || plain->failed)
            return false;
        body = buf_view(plain);
    }
    enum decode_result result =
        decode_content(head.content_encoding, body, ROBOTS_BYTES_MAX + 1,
                       scratch, spare, ret_text, detail, sizeof(detail));
    if (page->cut)
        drop_cut_line(ret_text);
    return result == DECODE_PLAIN || result == DECODE_DONE ||
           result == DECODE_TOO_LARGE ||
           (result == DECODE_DAMAGED && page->cut);
}

/* Rules, or why nothing is allowed. */
static void parse_page(const struct page *page, struct view token,
                       struct robots_answer *answer)
{
    struct buf plain, scratch, spare;
    struct view text;
    buf_init(&plain, SIZE_MAX / 2);
    buf_init(&scratch, SIZE_MAX / 2);
    buf_init(&spare, SIZE_MAX / 2);
    bool is_read = read_text(page, &plain, &scratch, &spare, &text);
    if (is_read)
        answer->rules = robots_parse(text, token);
    if (!answer->rules) {
        answer->denies_all = true;
        answer->why_not =
            strdup(is_read ? "no memory to read it" : "its coding is damaged");
    }
    buf_release(&plain);
    buf_release(&scratch);
    buf_release(&spare);
}

/* The file is not there, which allows all (2.3.1.3), nor is it behind an
 * endless redirect (2.3.1.2). 429 is a server that is busy, as 503 is, and no
 * file that is missing. The status may be that of the last hop before one that
 * could not be reached. */
static bool is_missing(const struct entry *entry, int status)
{
    if (status >= 300 && status < 400)
        return entry->outcome == OUTCOME_OK ||
               entry->outcome == OUTCOME_HTTP_ERROR ||
               entry->outcome == OUTCOME_TOO_MANY_REDIRECTS;
    return status >= 400 && status < 500 && status != 429;
}

/* Too long a file is read as far as it came, and so is one that broke off
 * beyond what is read. */
static bool is_there(const struct entry *entry, int status)
{
    return status >= 200 && status < 300 &&
           (entry->outcome == OUTCOME_OK ||
            entry->outcome == OUTCOME_TOO_LARGE ||
            entry->page->body_size >= 2 * ROBOTS_BYTES_MAX);
}

struct robots_answer robots_answer_read(const struct entry *entry,
                                        struct view token)
{
    struct robots_answer answer = { 0 };
    const struct page *page = entry->page;
    int status = page ? page->status : 0;
    if (is_there(entry, status)) {
        parse_page(page, token, &answer);
    } else if (!is_missing(entry, status)) {
        answer.denies_all = true;
        if (asprintf(&answer.why_not, "%s%s%s", outcome_word(entry->outcome),
                     entry->detail ? ": " : "",
                     entry->detail ? entry->detail : "") < 0)
            answer.why_not = NULL;
    }
    return answer;
}
