/*
 * Entries and spans are the same in a worker process: all that a worker reads,
 * hops and their bytes too, and nothing that belongs to the run alone.
 */
#include "../../../src/run/page_steps.h"

#include "fetchgrep/archive/spans.h"

#include "suite.h"
#include <stdlib.h>

/* What was encoded, in memory of exactly its size. */
static char *described(void (*encode)(void *, const void *, struct buf *),
                       const void *item, size_t *ret_size)
{
    struct buf out;
    buf_init(&out, 1 << 24);
    encode(NULL, item, &out);
    ck_assert(!out.failed);
    char *bytes = malloc(out.size);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, out.data, out.size);
    *ret_size = out.size;
    buf_release(&out);
    return bytes;
}

static struct page *make_page(const char *text, struct page *previous)
{
    char problem[ERROR_MESSAGE_SIZE];
    struct url url;
    ck_assert_int_eq(url_parse(view_of_string(text), &url, problem), URL_OK);
    struct page *page = page_new(&url);
    ck_assert_ptr_nonnull(page);
    page->previous_hop = previous;
    return page;
}

/* On the heap, as a hop that waits. */
static void set_heap_bytes(struct page *page, const char *head,
                           const char *body)
{
    page->head_size = strlen(head);
    page->body_size = strlen(body);
    size_t size = page->head_size + page->body_size;
    page->bytes = (struct extent){ .data = malloc(size),
                                   .capacity = size,
                                   .home = EXTENT_HEAP };
    ck_assert_ptr_nonnull(page->bytes.data);
    memcpy(page->bytes.data, head, page->head_size);
    memcpy(page->bytes.data + page->head_size, body, page->body_size);
}

static void assert_same_url(const struct url *a, const struct url *b)
{
    ck_assert_ptr_ne(a->text, b->text);
    ck_assert_str_eq(a->text, b->text);
    ck_assert(view_equal(a->host, b->host));
    ck_assert(view_equal(a->origin, b->origin));
    ck_assert(view_equal(a->target, b->target));
    ck_assert_uint_eq(a->port, b->port);
    ck_assert_int_eq(a->has_userinfo, b->has_userinfo);
}

static struct entry *make_entry(const char *url)
{
    struct entry *entry = entry_new();
    ck_assert_ptr_nonnull(entry);
    entry->id = 77;
    entry->line = 12;
    entry->url = strdup(url);
    ck_assert_ptr_nonnull(entry->url);
    entry->keep = strdup("{\"a\":\"\\n\"}");
    ck_assert_ptr_nonnull(entry->keep);
    return entry;
}

START_TEST(an_entry_comes_with_its_hops_and_their_bytes)
{
    static char arena[] = "HTTP/1.1 200 OK\r\n\r\nthe page";
    size_t size;
    struct entry *entry = make_entry("http://a.example/x");
    struct page *hop = make_page("http://u:p@a.example/x?y=1", NULL);
    set_heap_bytes(hop, "HTTP/1.1 302 Found\r\n\r\n", "gone");
    struct page *bare = make_page("https://b.example:8443", hop);
    entry->page = make_page("http://[::1]/z", bare);
    entry->page->bytes = (struct extent){ arena, sizeof(arena), EXTENT_ARENA };
    entry->page->head_size = 19;
    entry->page->body_size = 8;
    entry->page->timing.total_us = 4711;
    entry->redirects = 2;
    char *bytes = described(entry_encode, entry, &size);
    struct entry *got = entry_decode(NULL, bytes, size);
    ck_assert_uint_eq(got->id, 77);
    ck_assert_uint_eq(got->line, 12);
    ck_assert_uint_eq(got->redirects, 2);
    ck_assert_str_eq(got->url, "http://a.example/x");
    ck_assert_str_eq(got->keep, "{\"a\":\"\\n\"}");
    ck_assert_ptr_ne(got->keep, entry->keep);
    ck_assert_ptr_null(got->detail);
    assert_same_url(&got->page->url, &entry->page->url);
    ck_assert_ptr_eq(got->page->bytes.data, arena);
    ck_assert_int_eq(got->page->timing.total_us, 4711);
    assert_same_url(&got->page->previous_hop->url, &bare->url);
    ck_assert_ptr_null(got->page->previous_hop->bytes.data);
    const struct page *last = got->page->previous_hop->previous_hop;
    assert_same_url(&last->url, &hop->url);
    ck_assert_ptr_null(last->previous_hop);
    ck_assert_ptr_ne(last->bytes.data, hop->bytes.data);
    ck_assert(!memcmp(last->bytes.data, "HTTP/1.1 302 Found\r\n\r\ngone", 26));
    free(bytes);
    entry->page->bytes = (struct extent){ 0 };
    entry_free(entry, NULL);
}
END_TEST

START_TEST(what_was_asked_about_comes_with_its_page)
{
    const struct view fields[KNOWN_FIELD_COUNT] = {
        [KNOWN_URL] = view_of_string("http://a.example/x"),
        [KNOWN_ETAG] = view_of_string("\"v1\""),
        [KNOWN_DIGEST] = view_of_string("sha1:ABC"),
    };
    size_t size;
    struct entry *entry = make_entry("http://a.example/x");
    struct page *hop = make_page("http://a.example/", NULL);
    set_heap_bytes(hop, "HTTP/1.1 302 Found\r\n\r\n", "gone");
    entry->known = known_answer_new(fields);
    entry->page = make_page("http://a.example/x", hop);
    entry->page->known = entry->known;
    entry->duplicate_of = 5;
    char *bytes = described(entry_encode, entry, &size);
    struct entry *got = entry_decode(NULL, bytes, size);
    const struct known_answer *known = got->page->known;
    ck_assert_ptr_null(got->known);
    ck_assert_ptr_ne(known, entry->known);
    ck_assert_str_eq(known_answer_field(known, KNOWN_ETAG), "\"v1\"");
    ck_assert_str_eq(known_answer_field(known, KNOWN_LAST_MODIFIED), "");
    ck_assert_str_eq(known_answer_field(known, KNOWN_DIGEST), "sha1:ABC");
    ck_assert_ptr_null(got->page->previous_hop->known);
    assert_same_url(&got->page->previous_hop->url, &hop->url);
    ck_assert_uint_eq(got->duplicate_of, 5);
    free(bytes);
    entry_free(entry, NULL);
}
END_TEST

START_TEST(an_entry_without_a_page_comes_with_its_detail)
{
    size_t size;
    struct entry *entry = make_entry("nonsense");
    free(entry->keep);
    entry->keep = NULL;
    entry_end(entry, OUTCOME_INVALID_URL, "no URL: %s", "whatever");
    char *bytes = described(entry_encode, entry, &size);
    struct entry *got = entry_decode(NULL, bytes, size);
    ck_assert_int_eq(got->outcome, OUTCOME_INVALID_URL);
    ck_assert_str_eq(got->url, "nonsense");
    ck_assert_ptr_null(got->keep);
    ck_assert_str_eq(got->detail, "no URL: whatever");
    ck_assert_ptr_null(got->page);
    free(bytes);
    entry_free(entry, NULL);
}
END_TEST

START_TEST(a_span_comes_with_its_places)
{
    static char one[] = "dir/one.html", two[] = "", three[] = "dir/3";
    static char archive[] = "a.warc.gz";
    struct span_page pages[] = { { 4, 0, one },
                                 { 5, 99, two },
                                 { 9, 7, three } };
    size_t size;
    const struct span span = { .kind = SPAN_RECORDS,
                               .path = _i ? archive : NULL,
                               .pages = pages,
                               .page_count = ARRAY_COUNT(pages),
                               .first_id = 1234 };
    char *bytes = described(span_encode, &span, &size);
    const struct span *got = span_decode(NULL, bytes, size);
    ck_assert_int_eq(got->kind, SPAN_RECORDS);
    ck_assert_uint_eq(got->first_id, 1234);
    ck_assert_uint_eq(got->page_count, 3);
    ck_assert_pstr_eq(got->path, _i ? archive : NULL);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_str_eq(got->pages[i].name, pages[i].name);
        ck_assert_uint_eq(got->pages[i].id, pages[i].id);
        ck_assert_uint_eq(got->pages[i].offset, pages[i].offset);
    }
    free(bytes);
}
END_TEST

START_TEST(a_span_without_places_is_its_path)
{
    static char archive[] = "a.warc.gz";
    size_t size;
    const struct span span = { .kind = SPAN_WARC, .path = archive };
    char *bytes = described(span_encode, &span, &size);
    const struct span *got = span_decode(NULL, bytes, size);
    ck_assert_str_eq(got->path, archive);
    ck_assert_ptr_null(got->pages);
    free(bytes);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("page_message");
    TCase *tests = tcase_create("page_message");
    tcase_add_test(tests, an_entry_comes_with_its_hops_and_their_bytes);
    tcase_add_test(tests, what_was_asked_about_comes_with_its_page);
    tcase_add_test(tests, an_entry_without_a_page_comes_with_its_detail);
    tcase_add_loop_test(tests, a_span_comes_with_its_places, 0, 2);
    tcase_add_test(tests, a_span_without_places_is_its_path);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
