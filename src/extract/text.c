#include "fetchgrep/extract/text.h"

#include "fetchgrep/base/utf8.h"
#include "fetchgrep/model/http_head.h"

struct text_reader {
    struct text_options options;
    struct charset_reader *charsets;
};

const char *text_rule_name(enum text_rule rule)
{
    static const char *const names[] = {
        [TEXT_BY_BOM] = "bom",         [TEXT_BY_OPTION] = "option",
        [TEXT_BY_HEADER] = "header",   [TEXT_BY_META] = "meta",
        [TEXT_BY_UTF_8] = "utf-8",     [TEXT_BY_DETECTION] = "detected",
        [TEXT_BY_DEFAULT] = "default",
    };
    return names[rule];
}

struct text_reader *text_reader_new(const struct text_options *options)
{
    struct text_reader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return NULL;
    reader->options = *options;
    reader->charsets = charset_reader_new();
    if (!reader->charsets) {
        free(reader);
        return NULL;
    }
    return reader;
}

void text_reader_free(struct text_reader *reader)
{
    if (!reader)
        return;
    charset_reader_free(reader->charsets);
    free(reader);
}

/* ---- what is text ----------------------------------------------------- */

/* application/… types that are text all the same. */
static bool is_textual_application(struct view subtype)
{
    static const char *const names[] = {
        "json",         "xml",         "javascript", "ecmascript",
        "x-javascript", "xhtml+xml",   "sql",        "graphql",
        "x-sh",         "x-httpd-php", "x-ndjson",   "yaml",
        "x-yaml",       "toml",        "rtf",        "x-www-form-urlencoded",
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (view_equal_nocase(subtype, view_of_string(names[i])))
            return true;
    return false;
}

static bool has_suffix_nocase(struct view text, const char *suffix)
{
    size_t size = strlen(suffix);
    return text.size >= size &&
           view_equal_nocase(view_from(text, text.size - size),
                             view_of_string(suffix));
}

bool text_is_textual(struct view type)
{
    static const char application[] = "application/";
    if (!type.size || view_starts_with_nocase(type, "text/") ||
        view_starts_with_nocase(type, "message/"))
        return true;
    if (has_suffix_nocase(type, "+json") || has_suffix_nocase(type, "+xml"))
        return true;
    return view_starts_with_nocase(type, application) &&
           is_textual_application(view_from(type, sizeof(application) - 1));
}

static bool has_nul_near_start(struct view bytes)
{
    enum { PROBED_BYTES = 1024 };
    struct view start = view_first(bytes, PROBED_BYTES);
    return start.size && memchr(start.data, '\0', start.size);
}

/* ---- which encoding --------------------------------------------------- */

/* What has been decided about a page. */
struct choice {
    enum charset charset; /* CHARSET_NONE: not yet */
    enum text_rule rule;
    size_t mark_size;         /* of a byte order mark */
    bool is_valid_utf_8;      /* it was looked at, and is */
    struct view unknown;      /* the header's label, when it says nothing */
    const char *no_converter; /* an encoding that cannot be had here */
};

static void choose(struct choice *choice, enum charset charset,
                   enum text_rule rule)
{
    if (choice->charset != CHARSET_NONE || charset == CHARSET_NONE)
        return;
    choice->charset = charset;
    choice->rule = rule;
}

static void look_for_mark(struct choice *choice, struct view body)
{
    static const struct {
        const char *mark;
        enum charset charset;
    } marks[] = {
        { "\xEF\xBB\xBF", CHARSET_UTF_8 },
        { "\xFE\xFF", CHARSET_UTF_16BE },
        { "\xFF\xFE", CHARSET_UTF_16LE },
    };
    for (size_t i = 0; i < ARRAY_COUNT(marks); i++) {
        if (!view_starts_with(body, marks[i].mark))
            continue;
        choose(choice, marks[i].charset, TEXT_BY_BOM);
        choice->mark_size = strlen(marks[i].mark);
    }
}

static void look_at_header(struct choice *choice, struct view content_type)
{
    struct view label;
    if (!http_media_parameter(content_type, "charset", &label))
        return;
    enum charset charset = charset_of_label(label);
    if (charset == CHARSET_NONE && label.size)
        choice->unknown = label;
    choose(choice, charset, TEXT_BY_HEADER);
}

/* Only markup speaks of its encoding; in a script or plain text the same bytes
 * would mean another page. */
static bool is_markup(struct view type)
{
    return !type.size || view_equal_nocase(type, view_of_string("text/html")) ||
           has_suffix_nocase(type, "xml");
}

/* UTF-8 if the bytes are that. A character that the end cuts off is no fault
 * where others prove the encoding. */
static bool is_utf_8(struct view body, bool *ret_is_valid)
{
    size_t valid = utf8_valid_prefix(body);
    *ret_is_valid = valid == body.size;
    if (*ret_is_valid)
        return true;
    static const char *const ends[] = { "\x80", "\x80\x80" };
    struct view rest = view_from(body, valid);
    if (rest.size > 3 || utf8_ascii_prefix(body) == valid)
        return false;
    /* Whether it is a beginning: one or two more bytes would make it whole. */
    for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
        char whole[8];
        size_t size = strlen(ends[i]);
        memcpy(whole, rest.data, rest.size);
        memcpy(whole + rest.size, ends[i], size);
        if (utf8_valid_prefix(view_of(whole, rest.size + size)) ==
            rest.size + size)
            return true;
    }
    return false;
}

/* The rules by which a page is announced; cheap. */
static void look_at_announcements(const struct text_reader *reader,
                                  const struct text_source *source,
                                  struct choice *choice)
{
    look_for_mark(choice, source->body);
    if (reader->options.has_charset)
        choose(choice, reader->options.charset, TEXT_BY_OPTION);
    if (choice->charset == CHARSET_NONE)
        look_at_header(choice, source->content_type);
    if (choice->charset == CHARSET_NONE &&
        is_markup(http_media_type(source->content_type)))
        choose(choice, charset_prescan(source->body), TEXT_BY_META);
}

/* The rules that look at all of it. */
static void look_at_bytes(struct text_reader *reader, struct view body,
                          struct choice *choice)
{
    if (is_utf_8(body, &choice->is_valid_utf_8))
        choose(choice, CHARSET_UTF_8, TEXT_BY_UTF_8);
    else
        choose(choice, charset_detect(reader->charsets, body),
               TEXT_BY_DETECTION);
    choose(choice, CHARSET_WINDOWS_1252, TEXT_BY_DEFAULT);
}

/* ---- reading it ------------------------------------------------------- */

/* Whether the bytes are valid UTF-8 as they lie, and mean just that. */
static bool lies_ready(const struct choice *choice, struct view body)
{
    if (choice->charset == CHARSET_UTF_8)
        return choice->is_valid_utf_8 || utf8_valid_prefix(body) == body.size;
    return charset_has_ascii(choice->charset) &&
           utf8_ascii_prefix(body) == body.size;
}

static enum charset_result read_as(struct text_reader *reader,
                                   const struct choice *choice,
                                   struct view body, struct buf *scratch,
                                   struct text *text)
{
    text->charset = charset_name(choice->charset);
    text->rule = choice->rule;
    text->bytes = body;
    text->replaced_count = 0;
    if (lies_ready(choice, body))
        return CHARSET_DONE;
    buf_reset(scratch);
    enum charset_result result =
        charset_decode(reader->charsets, choice->charset, body, scratch,
                       &text->replaced_count);
    text->bytes = buf_view(scratch);
    return result;
}

static enum charset_result read_body(struct text_reader *reader,
                                     const struct text_source *source,
                                     struct choice *choice, struct buf *scratch,
                                     struct text *text)
{
    struct view body = view_from(source->body, choice->mark_size);
    if (choice->charset == CHARSET_NONE)
        look_at_bytes(reader, body, choice);
    enum charset_result result = read_as(reader, choice, body, scratch, text);
    if (result != CHARSET_NO_CONVERTER)
        return result;
    /* The C library's converters are files, and may not be installed. */
    choice->no_converter = charset_name(choice->charset);
    choice->charset = CHARSET_NONE;
    if (is_utf_8(body, &choice->is_valid_utf_8))
        choose(choice, CHARSET_UTF_8, TEXT_BY_UTF_8);
    choose(choice, CHARSET_WINDOWS_1252, TEXT_BY_DEFAULT);
    return read_as(reader, choice, body, scratch, text);
}

static void write_note(const struct choice *choice, char *note)
{
    enum { SHOWN = 40 };
    const struct view label = choice->unknown;
    bool is_guess =
        choice->rule == TEXT_BY_DETECTION || choice->rule == TEXT_BY_DEFAULT;
    note[0] = '\0';
    if (choice->no_converter)
        snprintf(note, TEXT_NOTE_SIZE,
                 "this machine cannot read %s (the C library lacks its "
                 "converter); read as %s",
                 choice->no_converter, charset_name(choice->charset));
    else if (label.size && is_guess)
        snprintf(note, TEXT_NOTE_SIZE,
                 "charset \"%.*s\" is not known; read as %s, by guess",
                 (int)(label.size > SHOWN ? SHOWN : label.size), label.data,
                 charset_name(choice->charset));
}

static bool is_utf_16(enum charset charset)
{
    return charset == CHARSET_UTF_16BE || charset == CHARSET_UTF_16LE;
}

static enum text_result leave(const char *why, const char **ret_why)
{
    *ret_why = why;
    return TEXT_NOT_SEARCHED;
}

enum text_result text_read(struct text_reader *reader,
                           const struct text_source *source,
                           struct buf *scratch, struct text *ret_text,
                           const char **ret_why, char note[TEXT_NOTE_SIZE])
{
    static const char binary[] = "binary (a NUL byte near the start)";
    const struct text_options *options = &reader->options;
    bool is_choosy = !options->searches_binary;
    struct choice choice = { .charset = CHARSET_NONE };
    struct text text = { .bytes = source->body,
                         .charset = "raw",
                         .rule = TEXT_BY_OPTION };
    if (is_choosy && !text_is_textual(http_media_type(source->content_type)))
        return leave("its media type is not text", ret_why);
    if (!options->is_raw)
        look_at_announcements(reader, source, &choice);
    /* Half of the bytes of UTF-16 are NUL: there the characters count. */
    bool is_wide = is_utf_16(choice.charset);
    if (is_choosy && !is_wide && has_nul_near_start(source->body))
        return leave(binary, ret_why);
    if (!options->is_raw &&
        read_body(reader, source, &choice, scratch, &text) != CHARSET_DONE)
        return TEXT_NO_MEMORY;
    if (is_choosy && is_wide && has_nul_near_start(text.bytes))
        return leave(binary, ret_why);
    write_note(&choice, note);
    *ret_text = text;
    return TEXT_READY;
}
