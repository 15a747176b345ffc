/* --resolve and hosts files: what is known, and what goes before what. */
#include "../../../src/fetch/known_names.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct known_names *known;
static char path[] = "/tmp/fetchgrep-hosts-XXXXXX";

static void set_up(void)
{
    struct error err;
    known = known_names_new(&err);
    ck_assert_ptr_nonnull(known);
}

static void tear_down(void)
{
    known_names_free(known);
}

static void add(const char *text)
{
    struct error err;
    ck_assert_msg(known_names_add(known, text, &err), "%s", err.message);
}

static void add_file(const char *text)
{
    struct error err;
    snprintf(path, sizeof(path), "/tmp/fetchgrep-hosts-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    ck_assert_msg(known_names_add_file(known, path, &err), "%s", err.message);
    unlink(path);
}

/* The addresses with commas. */
static const char *find(const char *host, uint16_t port)
{
    static char text[1024];
    struct address addresses[ADDRESSES_MAX];
    size_t count =
        known_names_find(known, view_of_string(host), port, addresses);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(text);
        if (i)
            text[size++] = ',';
        address_format(&addresses[i], text + size);
    }
    return text;
}

START_TEST(a_host_is_known_at_its_port_alone)
{
    add("Example.org:443:192.0.2.1,[2001:db8::1], 192.0.2.2");
    known_names_seal(known);
    ck_assert_str_eq(find("example.org", 443),
                     "192.0.2.1,2001:db8::1,192.0.2.2");
    ck_assert_str_eq(find("example.org.", 443),
                     "192.0.2.1,2001:db8::1,192.0.2.2");
    ck_assert_str_eq(find("example.org", 80), "");
    ck_assert_str_eq(find("www.example.org", 443), "");
    ck_assert(known_names_has_port(known, view_of_string("example.org"), 443));
    ck_assert(!known_names_has_port(known, view_of_string("example.org"), 80));
}
END_TEST

START_TEST(a_star_is_any_host_without_a_line_of_its_own)
{
    add("*:80:192.0.2.9");
    add("example.org:80:192.0.2.1");
    known_names_seal(known);
    ck_assert_str_eq(find("example.org", 80), "192.0.2.1");
    ck_assert_str_eq(find("example.net", 80), "192.0.2.9");
    ck_assert_str_eq(find("example.net", 443), "");
    ck_assert_str_eq(find("localhost", 80), "192.0.2.9");
}
END_TEST

START_TEST(resolve_goes_before_a_hosts_file)
{
    add_file("192.0.2.5 example.org\n");
    add("example.org:80:192.0.2.1");
    known_names_seal(known);
    ck_assert_str_eq(find("example.org", 80), "192.0.2.1");
    ck_assert_str_eq(find("example.org", 81), "192.0.2.5");
}
END_TEST

START_TEST(a_hosts_file_is_read_as_everybody_does)
{
    add_file("# nothing\n\n"
             "192.0.2.1\tone  Two#three\n"
             "2001:db8::1 one\r\n"
             "not-an-address four\n"
             "fe80::1%eth0 five\n"
             "192.0.2.3\n"
             "  192.0.2.4 six"); /* no newline */
    known_names_seal(known);
    ck_assert_str_eq(find("one", 80), "192.0.2.1,2001:db8::1");
    ck_assert_str_eq(find("two", 80), "192.0.2.1");
    ck_assert_str_eq(find("three", 80), "");
    ck_assert_str_eq(find("four", 80), "");
    ck_assert_str_eq(find("five", 80), "");
    ck_assert_str_eq(find("six", 80), "192.0.2.4");
}
END_TEST

START_TEST(localhost_needs_no_file)
{
    known_names_seal(known);
    ck_assert_str_eq(find("localhost", 80), "::1,127.0.0.1");
    ck_assert_str_eq(find("a.localhost", 80), "::1,127.0.0.1");
    ck_assert_str_eq(find("localhost.", 80), "::1,127.0.0.1");
    ck_assert_str_eq(find("notlocalhost", 80), "");
}
END_TEST

START_TEST(nothing_is_known_without_a_table_but_localhost)
{
    struct address addresses[ADDRESSES_MAX];
    ck_assert_uint_eq(
        known_names_find(NULL, view_of_string("example.org"), 80, addresses),
        0);
    ck_assert_uint_eq(
        known_names_find(NULL, view_of_string("localhost"), 80, addresses), 2);
    ck_assert(!known_names_has_port(NULL, view_of_string("localhost"), 80));
}
END_TEST

START_TEST(more_addresses_than_there_is_room_for_are_left_out)
{
    char line[64];
    for (int i = 0; i < 2 * ADDRESSES_MAX; i++) {
        snprintf(line, sizeof(line), "example.org:80:192.0.2.%d", i);
        add(line);
    }
    known_names_seal(known);
    struct address addresses[ADDRESSES_MAX];
    ck_assert_uint_eq(
        known_names_find(known, view_of_string("example.org"), 80, addresses),
        ADDRESSES_MAX);
    ck_assert_uint_eq(addresses[ADDRESSES_MAX - 1].bytes[3], ADDRESSES_MAX - 1);
}
END_TEST

START_TEST(names_longer_than_any_are_not_known)
{
    char host[600];
    memset(host, 'x', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    add("*:80:192.0.2.9");
    known_names_seal(known);
    ck_assert_str_eq(find(host, 80), "192.0.2.9");
    ck_assert_str_eq(find(host, 81), "");
}
END_TEST

START_TEST(many_names_are_each_found)
{
    char line[64];
    for (int i = 0; i < 5000; i++) {
        snprintf(line, sizeof(line), "h%d.example:80:10.0.%d.%d",
                 i * 7919 % 5000, i * 7919 % 5000 / 256, i * 7919 % 5000 % 256);
        add(line);
    }
    known_names_seal(known);
    for (int i = 0; i < 5000; i++) {
        char host[32], address[32];
        snprintf(host, sizeof(host), "h%d.example", i);
        snprintf(address, sizeof(address), "10.0.%d.%d", i / 256, i % 256);
        ck_assert_str_eq(find(host, 80), address);
    }
    ck_assert_str_eq(find("h5000.example", 80), "");
}
END_TEST

START_TEST(lists_of_name_servers_are_checked)
{
    static const char *const good[] = { "192.0.2.1", "192.0.2.1:53",
                                        "192.0.2.1,[::1]:53,2001:db8::1" };
    static const char *const bad[] = { "",          "dns.example", "192.0.2.1:",
                                       "1.2.3.4:0", "::1:53x",     ",1.2.3.4" };
    struct error err;
    for (size_t i = 0; i < ARRAY_COUNT(good); i++)
        ck_assert_msg(name_servers_check(good[i], &err), "%s", good[i]);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        ck_assert_msg(!name_servers_check(bad[i], &err), "%s", bad[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("known names");
    TCase *tcase = tcase_create("known names");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_host_is_known_at_its_port_alone);
    tcase_add_test(tcase, a_star_is_any_host_without_a_line_of_its_own);
    tcase_add_test(tcase, resolve_goes_before_a_hosts_file);
    tcase_add_test(tcase, a_hosts_file_is_read_as_everybody_does);
    tcase_add_test(tcase, localhost_needs_no_file);
    tcase_add_test(tcase, nothing_is_known_without_a_table_but_localhost);
    tcase_add_test(tcase, more_addresses_than_there_is_room_for_are_left_out);
    tcase_add_test(tcase, names_longer_than_any_are_not_known);
    tcase_add_test(tcase, many_names_are_each_found);
    tcase_add_test(tcase, lists_of_name_servers_are_checked);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
