#include "arc_header.h"

#include "record_form.h"

struct arc_line {
    struct view url, ip, date, mime, length;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A scheme and its colon. */
static bool begins_as_url(struct view line)
{
    size_t at = 0;
    while (at < line.size && at < 32 &&
           (is_digit(line.data[at]) || is_letter(line.data[at]) ||
            line.data[at] == '+' || line.data[at] == '-' ||
            line.data[at] == '.'))
        at++;
    return at < line.size && line.data[at] == ':' && is_letter(line.data[0]);
}

/* Fourteen digits; some writers left the seconds out or added to them. */
static bool is_date(struct view word)
{
    for (size_t i = 0; i < word.size; i++)
        if (!is_digit(word.data[i]))
            return false;
    return word.size >= 12 && word.size <= 17;
}

static bool is_address(struct view word)
{
    size_t mark_count = 0;
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];
        mark_count += c == '.' || c == ':';
        if (!is_digit(c) && !is_letter(c) && c != '.' && c != ':')
            return false;
    }
    return word.size <= 45 && mark_count >= 2;
}

/* The line without its end, if it has one in reach. */
static bool find_line(struct view bytes, struct view *ret_line)
{
    bytes = view_first(bytes, RECORD_LINE_MAX);
    const char *end = bytes.size ? memchr(bytes.data, '\n', bytes.size) : NULL;
    if (!end)
        return false;
    *ret_line = view_trim(view_of(bytes.data, (size_t)(end - bytes.data)));
    return true;
}

/* The words behind the URL, from an address with a date behind it on. */
static bool split_line(struct view line, struct arc_line *ret)
{
    struct view rest = line, word, before = view_split(&rest, ' ');
    while (rest.size) {
        word = view_split(&rest, ' ');
        if (!is_date(word) || !is_address(before) || before.data <= line.data) {
            before = word;
            continue;
        }
        size_t url_size = (size_t)(before.data - 1 - line.data);
        *ret = (struct arc_line){ .url = view_first(line, url_size),
                                  .ip = before,
                                  .date = word,
                                  .mime = view_split(&rest, ' ') };
        while (rest.size)
            ret->length = view_split(&rest, ' ');
        return true;
    }
    return false;
}

bool arc_header_begins(struct view bytes)
{
    struct view line;
    struct arc_line parts;
    uint64_t length;
    return begins_as_url(bytes) && find_line(bytes, &line) &&
           split_line(line, &parts) && view_to_u64(parts.length, &length);
}

size_t arc_header_size(struct view bytes)
{
    const char *end = bytes.size ? memchr(bytes.data, '\n', bytes.size) : NULL;
    return end ? (size_t)(end + 1 - bytes.data) : 0;
}

bool arc_header_read(struct warc_record *record, uint64_t *ret_length)
{
    struct view line;
    struct arc_line parts;
    if (!find_line(record->header, &line) || !split_line(line, &parts))
        return false;
    record->is_arc = true;
    record->target_uri = parts.url;
    record->ip = parts.ip;
    record->date = parts.date;
    record->content_type = parts.mime;
    if (view_equal_string(parts.mime, "no-type") ||
        view_equal_string(parts.mime, "-"))
        record->content_type.size = 0;
    record->type = view_starts_with_nocase(parts.url, "filedesc:")
                       ? WARC_TYPE_WARCINFO
                       : WARC_TYPE_RESPONSE;
    return view_to_u64(parts.length, ret_length);
}

void arc_header_judge_block(struct warc_record *record)
{
    if (record->type == WARC_TYPE_RESPONSE &&
        !view_starts_with_nocase(record->target_uri, "dns:") &&
        !view_starts_with(record->block, "HTTP/"))
        record->type = WARC_TYPE_RESOURCE;
}
