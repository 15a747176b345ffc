/*
 * "Prescan a byte stream to determine its encoding" and "get an XML encoding"
 * of the HTML Standard (13.2.3.2), over the first 1,024 bytes. What begins with
 * `<` is looked at; to the next one memchr goes.
 */
#include "charset_parts.h"

enum { PRESCANNED = 1024, ATTRIBUTES_KNOWN = 3, VALUE_SIZE = 256 };

/* Where the scan is. Once `p` is `end` all that is left is in vain. */
struct scan {
    const char *p, *end;
};

/* An attribute, in lower case; what is longer than these is no name or value
 * that means anything here. */
struct attribute {
    char name[16], value[VALUE_SIZE];
    size_t name_size, value_size;
};

/* What a <meta> element has said so far. */
struct meta {
    bool has_seen[ATTRIBUTES_KNOWN];
    bool is_pragma; /* http-equiv=content-type */
    bool is_told;   /* a charset, perhaps one that is not known */
    bool needs_pragma;
    enum charset charset;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
    c = to_lower(c);
    return c >= 'a' && c <= 'z';
}

static bool starts_with(const struct scan *scan, const char *text)
{
    return view_starts_with_nocase(
        view_of(scan->p, (size_t)(scan->end - scan->p)), text);
}

/* UTF-16 cannot be what a page says in ASCII. */
static enum charset what_is_meant(enum charset charset)
{
    if (charset == CHARSET_UTF_16LE || charset == CHARSET_UTF_16BE)
        return CHARSET_UTF_8;
    return charset;
}

/* ---- attributes ------------------------------------------------------- */

static void add_char(char *text, size_t room, size_t *size, char c)
{
    if (*size < room)
        text[*size] = to_lower(c);
    (*size)++;
}

static void skip_blanks(struct scan *scan)
{
    while (scan->p < scan->end && is_blank(*scan->p))
        scan->p++;
}

/* The bytes of a name end at `=`, a blank, `/` or `>`. */
static void scan_name(struct scan *scan, struct attribute *attribute)
{
    for (; scan->p < scan->end; scan->p++) {
        char c = *scan->p;
        if ((c == '=' && attribute->name_size) || is_blank(c) || c == '/' ||
            c == '>')
            return;
        add_char(attribute->name, sizeof(attribute->name),
                 &attribute->name_size, c);
    }
}

static void scan_value(struct scan *scan, struct attribute *attribute)
{
    skip_blanks(scan);
    if (scan->p == scan->end)
        return;
    char quote = *scan->p == '"' || *scan->p == '\'' ? *scan->p : '\0';
    if (quote)
        scan->p++;
    for (; scan->p < scan->end; scan->p++) {
        char c = *scan->p;
        if (quote ? c == quote : is_blank(c) || c == '>')
            break;
        add_char(attribute->value, sizeof(attribute->value),
                 &attribute->value_size, c);
    }
    if (quote && scan->p < scan->end)
        scan->p++;
}

/* "Get an attribute". False at the element's end, and at that of the bytes:
 * what is cut off there does not count. */
static bool next_attribute(struct scan *scan, struct attribute *ret_attribute)
{
    ret_attribute->name_size = ret_attribute->value_size = 0;
    while (scan->p < scan->end && (is_blank(*scan->p) || *scan->p == '/'))
        scan->p++;
    if (scan->p == scan->end || *scan->p == '>')
        return false;
    scan_name(scan, ret_attribute);
    skip_blanks(scan);
    if (scan->p < scan->end && *scan->p == '=') {
        scan->p++;
        scan_value(scan, ret_attribute);
    }
    return scan->p < scan->end;
}

static bool is_named(const struct attribute *attribute, const char *name)
{
    return attribute->name_size <= sizeof(attribute->name) &&
           view_equal_string(view_of(attribute->name, attribute->name_size),
                             name);
}

static struct view value_of(const struct attribute *attribute)
{
    bool is_known = attribute->value_size <= sizeof(attribute->value);
    return view_of(attribute->value, is_known ? attribute->value_size : 0);
}

/* ---- <meta> ----------------------------------------------------------- */

/* What follows "charset" and a `=`: quoted, or up to a blank or `;`. */
static struct view label_at(struct view text)
{
    const char *end = NULL;
    if (text.size && (text.data[0] == '"' || text.data[0] == '\'')) {
        end = memchr(text.data + 1, text.data[0], text.size - 1);
        return end ? view_of(text.data + 1, (size_t)(end - text.data - 1))
                   : view_of(NULL, 0);
    }
    size_t size = 0;
    while (size < text.size && !is_blank(text.data[size]) &&
           text.data[size] != ';')
        size++;
    return view_first(text, size);
}

static struct view trim_start(struct view text)
{
    while (text.size && is_blank(text.data[0]))
        text = view_from(text, 1);
    return text;
}

/* "Extracting a character encoding from a meta element"; `text` is in lower
 * case. */
static enum charset charset_in_content(struct view text)
{
    static const char word[] = "charset";
    const char *found;
    while (text.size &&
           (found = memmem(text.data, text.size, word, sizeof(word) - 1))) {
        text = view_from(text, (size_t)(found - text.data) + sizeof(word) - 1);
        struct view rest = trim_start(text);
        if (rest.size && rest.data[0] == '=')
            return charset_of_label(label_at(trim_start(view_from(rest, 1))));
    }
    return CHARSET_NONE;
}

/* Of attributes with one name the first counts. */
static bool is_first(struct meta *meta, const struct attribute *attribute,
                     const char *name, size_t place)
{
    if (!is_named(attribute, name) || meta->has_seen[place])
        return false;
    meta->has_seen[place] = true;
    return true;
}

static void note_attribute(struct meta *meta, const struct attribute *attribute)
{
    struct view value = value_of(attribute);
    if (is_first(meta, attribute, "http-equiv", 0)) {
        meta->is_pragma = view_equal_string(value, "content-type");
    } else if (is_first(meta, attribute, "content", 1)) {
        enum charset charset = charset_in_content(value);
        if (charset == CHARSET_NONE || meta->is_told)
            return;
        meta->charset = charset;
        meta->is_told = meta->needs_pragma = true;
    } else if (is_first(meta, attribute, "charset", 2)) {
        meta->charset = charset_of_label(value);
        meta->is_told = true;
        meta->needs_pragma = false;
    }
}

/* Behind "<meta". CHARSET_NONE: the scan goes on. */
static enum charset scan_meta(struct scan *scan)
{
    struct attribute attribute;
    struct meta meta = { .charset = CHARSET_NONE };
    while (next_attribute(scan, &attribute))
        note_attribute(&meta, &attribute);
    /* An element that the end cuts off has said nothing. */
    if (scan->p == scan->end || !meta.is_told ||
        (meta.needs_pragma && !meta.is_pragma))
        return CHARSET_NONE;
    return meta.charset == CHARSET_X_USER_DEFINED ? CHARSET_WINDOWS_1252
                                                  : what_is_meant(meta.charset);
}

/* ---- markup ----------------------------------------------------------- */

/* To the `>` of a comment's end: "-->", whose dashes may be those of "<!--". */
static void skip_comment(struct scan *scan)
{
    const char *from = scan->p + 2;
    const char *found = memmem(from, (size_t)(scan->end - from), "-->", 3);
    scan->p = found ? found + 2 : scan->end;
}

static void skip_tag(struct scan *scan)
{
    struct attribute attribute;
    while (scan->p < scan->end && !is_blank(*scan->p) && *scan->p != '>')
        scan->p++;
    while (next_attribute(scan, &attribute))
        continue;
}

static void skip_to_end(struct scan *scan)
{
    const char *found = memchr(scan->p, '>', (size_t)(scan->end - scan->p));
    scan->p = found ? found : scan->end;
}

static bool is_meta(const struct scan *scan)
{
    enum { SIZE = 5 };
    return starts_with(scan, "<meta") && scan->end - scan->p > SIZE &&
           (is_blank(scan->p[SIZE]) || scan->p[SIZE] == '/');
}

/* At a `<`. */
static enum charset scan_markup(struct scan *scan)
{
    size_t left = (size_t)(scan->end - scan->p);
    char next = left > 1 ? scan->p[1] : '\0';
    if (starts_with(scan, "<!--")) {
        skip_comment(scan);
    } else if (is_meta(scan)) {
        scan->p += 5;
        return scan_meta(scan);
    } else if (is_letter(next) ||
               (next == '/' && left > 2 && is_letter(scan->p[2]))) {
        skip_tag(scan);
    } else if (next == '!' || next == '/' || next == '?') {
        skip_to_end(scan);
    }
    return CHARSET_NONE;
}

/* ---- XML declarations ------------------------------------------------- */

static struct view skip_controls(struct view text)
{
    while (text.size && (unsigned char)text.data[0] <= 0x20)
        text = view_from(text, 1);
    return text;
}

static bool has_controls(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] <= 0x20)
            return true;
    return false;
}

static enum charset scan_declaration(struct view body)
{
    static const char word[] = "encoding";
    if (!view_starts_with(body, "<?xml"))
        return CHARSET_NONE;
    const char *end = memchr(body.data, '>', body.size);
    if (!end)
        return CHARSET_NONE;
    struct view text = view_first(body, (size_t)(end - body.data));
    const char *found = memmem(text.data, text.size, word, sizeof(word) - 1);
    if (!found)
        return CHARSET_NONE;
    text = skip_controls(
        view_from(text, (size_t)(found - text.data) + sizeof(word) - 1));
    if (!text.size || text.data[0] != '=')
        return CHARSET_NONE;
    text = skip_controls(view_from(text, 1));
    if (!text.size || (text.data[0] != '"' && text.data[0] != '\''))
        return CHARSET_NONE;
    struct view label = label_at(text);
    return has_controls(label) ? CHARSET_NONE
                               : what_is_meant(charset_of_label(label));
}

/* UTF-16 without a byte order mark: "<?x" in it. */
static enum charset scan_wide_declaration(struct view body)
{
    enum { SIZE = 6 };
    if (body.size < SIZE)
        return CHARSET_NONE;
    if (!memcmp(body.data, "<\0?\0x", SIZE)) /* with the string's own NUL */
        return CHARSET_UTF_16LE;
    if (!memcmp(body.data, "\0<\0?\0x", SIZE))
        return CHARSET_UTF_16BE;
    return CHARSET_NONE;
}

enum charset charset_prescan(struct view body)
{
    body = view_first(body, PRESCANNED);
    enum charset charset = scan_wide_declaration(body);
    struct scan scan = { body.data, body.data + body.size };
    while (charset == CHARSET_NONE && scan.p < scan.end) {
        scan.p = memchr(scan.p, '<', (size_t)(scan.end - scan.p));
        if (!scan.p)
            break;
        charset = scan_markup(&scan);
        if (scan.p < scan.end)
            scan.p++;
    }
    return charset == CHARSET_NONE ? scan_declaration(body) : charset;
}
