#include "fetchgrep/record/lines.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/base/utf8.h"

/* 0: as it is; 1: \xNN; else the letter behind the backslash. */
static char escape_of(unsigned char c)
{
    switch (c) {
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\\':
        return '\\';
    default:
        return c < 0x20 || c == 0x7f ? 1 : 0;
    }
}

static void append_clean(struct view text, struct buf *out)
{
    /* Matches are valid already; a path or a manifest's line may not be. */
    if (text.size)
        utf8_append_valid(out, text);
}

void text_append_escaped(struct view text, struct buf *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t clean = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        char escape = escape_of(c);
        if (!escape)
            continue;
        append_clean(view_of(text.data + clean, i - clean), out);
        clean = i + 1;
        buf_append_char(out, '\\');
        if (escape != 1) {
            buf_append_char(out, escape);
        } else {
            buf_append_char(out, 'x');
            buf_append_char(out, digits[c >> 4]);
            buf_append_char(out, digits[c & 15]);
        }
    }
    append_clean(view_from(text, clean), out);
}

static void append_timing(const struct page_timing *timing, struct buf *out)
{
    json_out_member(out, "ms");
    buf_append_string(out, "{\"dns\":");
    json_out_ms(out, timing->dns_us);
    json_out_member(out, "connect");
    json_out_ms(out, timing->connect_us);
    json_out_member(out, "tls");
    json_out_ms(out, timing->tls_us);
    json_out_member(out, "first_byte");
    json_out_ms(out, timing->first_byte_us);
    json_out_member(out, "total");
    json_out_ms(out, timing->total_us);
    buf_append_char(out, '}');
}

static void append_optional(struct buf *out, const char *name,
                            struct view value)
{
    if (value.size)
        json_out_member_string(out, name, value);
}

static void append_date(struct buf *out, const char *name, int64_t wall_ms)
{
    char date[CLOCK_TEXT_SIZE];
    clock_format_ms(wall_ms, date);
    json_out_member_string(out, name, view_of_string(date));
}

/* What the answer looked like. */
static void append_answer(const struct outcome_line *line, struct buf *out)
{
    if (line->status)
        json_out_member_u64(out, "status", (uint64_t)line->status);
    append_optional(out, "final_url", line->final_url);
    if (line->was_fetched) {
        json_out_member_u64(out, "attempts", line->attempts);
        json_out_member_u64(out, "redirects", line->redirects);
    }
    append_optional(out, "ip", line->ip);
    append_optional(out, "http", line->http);
    append_optional(out, "mime", line->mime);
    append_optional(out, "charset", line->charset);
    append_optional(out, "charset_from", line->charset_from);
    if (line->has_body)
        json_out_member_u64(out, "bytes", line->body_bytes);
    if (line->has_text)
        json_out_member_u64(out, "text_bytes", line->text_bytes);
    if (line->replaced_count)
        json_out_member_u64(out, "replaced", line->replaced_count);
    append_optional(out, "digest", line->digest);
}

void outcome_line_append(const struct outcome_line *line, struct buf *out)
{
    buf_append_string(out, "{\"id\":");
    buf_append_u64(out, line->id);
    json_out_member_string(out, "url", line->url);
    json_out_member_string(out, "outcome",
                           view_of_string(outcome_word(line->outcome)));
    append_answer(line, out);
    if (line->fetched_at_ms)
        append_date(out, "fetched_at", line->fetched_at_ms);
    if (line->timing)
        append_timing(line->timing, out);
    if (line->has_matches)
        json_out_member_u64(out, "matches", line->match_count);
    if (line->is_duplicate)
        json_out_member_u64(out, "duplicate_of", line->duplicate_of);
    append_optional(out, "source", line->source);
    if (line->line)
        json_out_member_u64(out, "line", line->line);
    if (line->keep.size) {
        json_out_member(out, "keep");
        buf_append_view(out, line->keep);
    }
    append_optional(out, "detail", line->detail);
}

void outcome_line_close(struct view warc_path, uint64_t warc_offset,
                        struct buf *out)
{
    if (warc_path.size) {
        json_out_member_string(out, "warc", warc_path);
        json_out_member_u64(out, "warc_offset", warc_offset);
    }
    buf_append_string(out, "}\n");
}
