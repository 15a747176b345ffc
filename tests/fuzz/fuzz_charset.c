/*
 * The charset step: any bytes, under any Content-Type, become valid UTF-8 with
 * all their markup, whatever decided the encoding; two validators agree.
 *
 * Input: one byte that chooses an encoding, one that says how long the
 * Content-Type is, the Content-Type, the body.
 */
#include "fetchgrep/base/utf8.h"
#include "fetchgrep/extract/text.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_of(struct view text, char wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == wanted;
    return count;
}

static struct buf new_scratch(struct view body)
{
    struct buf scratch;
    buf_init(&scratch, 3 * body.size + 64);
    return scratch;
}

/* What holds of the text of any body. */
static void check_text(struct view body, struct view text, size_t replaced)
{
    assert(utf8_valid_prefix(text) == text.size);
    assert(utf8_valid_prefix_plain(text) == text.size);
    assert(text.size <= 3 * body.size + 3);
    assert(replaced <= body.size + 1);
}

static void check_decoder(struct charset_reader *reader, enum charset charset,
                          struct view body)
{
    struct buf out = new_scratch(body);
    size_t replaced;
    enum charset_result result =
        charset_decode(reader, charset, body, &out, &replaced);
    assert(result == CHARSET_DONE);
    check_text(body, buf_view(&out), replaced);
    if (charset_has_ascii(charset)) {
        assert(count_of(buf_view(&out), '<') == count_of(body, '<'));
        assert(count_of(buf_view(&out), '>') == count_of(body, '>'));
    }
    buf_release(&out);
}

static void check_page(struct text_reader *reader, struct view content_type,
                       struct view body)
{
    const struct text_source source = { body, content_type };
    struct buf scratch = new_scratch(body);
    struct text text;
    const char *why;
    char note[TEXT_NOTE_SIZE];
    enum text_result result =
        text_read(reader, &source, &scratch, &text, &why, note);
    assert(result == TEXT_READY);
    check_text(body, text.bytes, text.replaced_count);
    assert(charset_of_label(view_of_string(text.charset)) != CHARSET_NONE);
    assert(strlen(note) < sizeof(note));
    buf_release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 2 };
    const struct text_options options = { .searches_binary = true };
    /* Kept, as a worker does: tables take longer to make than a page to read.
     */
    static struct charset_reader *charsets;
    static struct text_reader *texts;
    if (!charsets) {
        charsets = charset_reader_new();
        texts = text_reader_new(&options);
    }
    if (!charsets || !texts)
        abort();
    if (size < HEAD)
        return 0;
    struct view rest = view_of(data + HEAD, size - HEAD);
    struct view content_type = view_first(rest, data[1]);
    struct view body = view_from(rest, content_type.size);
    check_decoder(charsets, (enum charset)(data[0] % CHARSET_COUNT), body);
    check_page(texts, content_type, body);
    assert(charset_prescan(body) <= CHARSET_NONE);
    assert(utf8_valid_prefix(body) == utf8_valid_prefix_plain(body));
    return 0;
}
