/*
 * No list leads us to an address that is not the Internet's, in whatever form
 * it is written; what was allowed, and only that, is exempt.
 */
#include "fetchgrep/fetch/address.h"

#include "suite.h"
#include <arpa/inet.h>
#include <sys/un.h>

/* What the rule says of an address in text, as of a socket's address. */
static const char *refuses(const struct address_rule *rule, const char *text)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = { 0 };
    if (strchr(text, ':')) {
        address.v6.sin6_family = AF_INET6;
        ck_assert_msg(inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1,
                      "%s", text);
    } else {
        address.v4.sin_family = AF_INET;
        ck_assert_msg(inet_pton(AF_INET, text, &address.v4.sin_addr) == 1, "%s",
                      text);
    }
    return address_rule_refuses(rule, &address.any);
}

struct special_row {
    const char *address;
    const char *kind; /* a word of it */
};

/* One of each range, its first and last address where the borders count. */
static const struct special_row special[] = {
    { "0.0.0.0", "unspecified" },
    { "0.255.255.255", "unspecified" },
    { "10.0.0.0", "private" },
    { "10.255.255.255", "private" },
    { "100.64.0.0", "carrier-grade" },
    { "100.127.255.255", "carrier-grade" },
    { "100.100.100.200", "carrier-grade" }, /* Alibaba's metadata */
    { "127.0.0.1", "loopback" },
    { "127.255.255.255", "loopback" },
    { "169.254.0.0", "link-local" },
    { "169.254.255.255", "link-local" },
    { "169.254.169.254", "metadata" },
    { "168.63.129.16", "metadata" },
    { "172.16.0.0", "private" },
    { "172.31.255.255", "private" },
    { "192.0.0.192", "reserved" },
    { "192.0.2.1", "documentation" },
    { "192.88.99.1", "reserved" },
    { "192.168.0.0", "private" },
    { "192.168.255.255", "private" },
    { "198.18.0.0", "benchmarking" },
    { "198.19.255.255", "benchmarking" },
    { "198.51.100.7", "documentation" },
    { "203.0.113.7", "documentation" },
    { "224.0.0.1", "multicast" },
    { "239.255.255.255", "multicast" },
    { "240.0.0.0", "reserved" },
    { "255.255.255.255", "reserved" },
    { "::", "unspecified" },
    { "::1", "loopback" },
    { "fd00:ec2::254", "metadata" },
    { "64:ff9b:1::1", "reserved" },
    { "100::1", "discard" },
    { "2001::1", "reserved" }, /* Teredo */
    { "2001:10::1", "reserved" },
    { "2001:1ff:ffff::", "reserved" },
    { "2001:db8::1", "documentation" },
    { "3fff:fff::1", "documentation" },
    { "5f00::1", "reserved" },
    { "fc00::", "private" },
    { "fdff:ffff::1", "private" },
    { "fd20:ce::254", "private" }, /* Google's metadata */
    { "fe80::1", "link-local" },
    { "febf:ffff::1", "link-local" },
    { "fec0::1", "site-local" },
    { "ff02::1", "multicast" },
    { "ffff::1", "multicast" },
    /* An IPv4 address in an IPv6 one: mapped, translated, compatible, NAT64,
     * 6to4. */
    { "::ffff:127.0.0.1", "loopback" },
    { "::ffff:10.1.2.3", "private" },
    { "::ffff:169.254.169.254", "metadata" },
    { "::ffff:0:192.168.1.1", "private" },
    { "::127.0.0.1", "loopback" },
    { "::10.0.0.1", "private" },
    { "::2", "unspecified" },
    { "64:ff9b::127.0.0.1", "loopback" },
    { "64:ff9b::169.254.169.254", "metadata" },
    { "2002:7f00:1::", "loopback" },
    { "2002:a9fe:a9fe::1", "metadata" },
    { "2002:c0a8:101:1234::5", "private" },
};

START_TEST(special_addresses_are_refused_by_what_they_are)
{
    const struct special_row *row = &special[_i];
    const struct address_rule none = { 0 };
    const char *kind = refuses(&none, row->address);
    ck_assert_msg(kind && strstr(kind, row->kind), "%s: %s", row->address,
                  kind ? kind : "may be asked");
    ck_assert_ptr_eq(
        address_rule_refuses_literal(&none, view_of_string(row->address)),
        kind);
    char host[64];
    int size = snprintf(host, sizeof(host), "[%s]", row->address);
    ck_assert_ptr_eq(
        address_rule_refuses_literal(&none, view_of(host, (size_t)size)), kind);
}
END_TEST

/* The neighbours of the ranges, and carriers of public addresses. */
static const char *const public[] = {
    "1.0.0.0",          "8.8.8.8",         "9.255.255.255",
    "11.0.0.0",         "100.63.255.255",  "100.128.0.0",
    "126.255.255.255",  "128.0.0.0",       "168.63.129.15",
    "168.63.129.17",    "169.253.255.255", "169.255.0.0",
    "172.15.255.255",   "172.32.0.0",      "191.255.255.255",
    "192.0.1.0",        "192.0.3.0",       "192.88.98.255",
    "192.88.100.0",     "192.167.255.255", "192.169.0.0",
    "198.17.255.255",   "198.20.0.0",      "198.51.99.255",
    "198.51.101.0",     "203.0.112.255",   "203.0.114.0",
    "223.255.255.255",  "2001:200::1",     "2001:4860:4860::8888",
    "2001:db7:ffff::1", "2001:db9::1",     "2600::1",
    "2a00:1450::1",     "3ffe::1",         "4000::1",
    "5eff::1",          "5f01::1",         "100:0:0:1::1",
    "64:ff9b:2::1",     "fbff::1",         "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8", "::8.8.8.8",       "64:ff9b::8.8.8.8",
    "2002:808:808::1",
};

START_TEST(other_addresses_may_be_asked)
{
    const struct address_rule none = { 0 };
    const char *kind = refuses(&none, public[_i]);
    ck_assert_msg(!kind, "%s: %s", public[_i], kind ? kind : "");
    ck_assert_ptr_null(
        address_rule_refuses_literal(&none, view_of_string(public[_i])));
}
END_TEST

START_TEST(an_address_of_another_family_is_refused)
{
    const struct address_rule none = { 0 };
    union {
        struct sockaddr any;
        struct sockaddr_un local;
    } address = { .local = { .sun_family = AF_UNIX, .sun_path = "/x" } };
    ck_assert_ptr_nonnull(address_rule_refuses(&none, &address.any));
}
END_TEST

START_TEST(names_and_what_is_no_address_are_not_judged)
{
    static const char *const names[] = {
        "localhost",
        "example.org",
        "127.0.0.1.example.org",
        "1.2.3",
        "[]",

        "[",
        "",
        "::1::",
        "a-name-that-is-longer-than-any-address-could-ever-be.example.org",
    };
    const struct address_rule none = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        ck_assert_msg(
            !address_rule_refuses_literal(&none, view_of_string(names[i])),
            "%s", names[i]);
    ck_assert_ptr_null(address_rule_refuses_literal(&none, view_of(NULL, 0)));
}
END_TEST

START_TEST(a_zone_does_not_hide_a_literal_address)
{
    static const char *const hosts[] = { "[fe80::1%eth0]", "[fe80::1%25eth0]",
                                         "[::1%lo]" };
    const struct address_rule none = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(hosts); i++)
        ck_assert_msg(
            address_rule_refuses_literal(&none, view_of_string(hosts[i])), "%s",
            hosts[i]);
}
END_TEST

START_TEST(a_host_is_read_no_further_than_it_goes)
{
    const struct address_rule none = { 0 };
    /* "127.0.0.1" in front of other digits. */
    ck_assert_ptr_nonnull(
        address_rule_refuses_literal(&none, view_of("127.0.0.123456", 9)));
    ck_assert_ptr_null(
        address_rule_refuses_literal(&none, view_of("127.0.0.1", 4)));
}
END_TEST

static void allow(struct address_rule *rule, const char *list)
{
    struct error err = { 0 };
    ck_assert_msg(address_rule_allow(rule, list, &err), "%s", err.message);
}

START_TEST(allowing_without_a_list_allows_all)
{
    static const char *const lists[] = { NULL, "" };
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
        struct address_rule rule = { 0 };
        allow(&rule, lists[i]);
        for (size_t j = 0; j < ARRAY_COUNT(special); j++) {
            ck_assert_ptr_null(refuses(&rule, special[j].address));
            ck_assert_ptr_null(address_rule_refuses_literal(
                &rule, view_of_string(special[j].address)));
        }
    }
}
END_TEST

struct allow_row {
    const char *list, *address;
    bool is_allowed;
};

static const struct allow_row allow_rows[] = {
    { "127.0.0.1", "127.0.0.1", true },
    { "127.0.0.1", "127.0.0.2", false },
    { "127.0.0.1/32", "127.0.0.0", false },
    { "127.0.0.0/8", "127.255.255.255", true },
    { "127.0.0.0/8", "10.0.0.1", false },
    { "10.1.2.3/8", "10.200.0.1", true },
    { "10.0.0.0/9", "10.127.255.255", true },
    { "10.0.0.0/9", "10.128.0.0", false },
    { "10.0.0.0/31", "10.0.0.1", true },
    { "10.0.0.0/31", "10.0.0.2", false },
    { "0.0.0.0/0", "127.0.0.1", true },
    { "0.0.0.0/0", "::1", false },
    { "::1", "::1", true },
    { "::1/128", "::1", true },
    { "::1", "127.0.0.1", false },
    { "fd00::/8", "fd12::1", true },
    { "fd00::/8", "fc12::1", false },
    { "fe80::/10", "febf::1", true },
    { "fe80::/10", "fec0::1", false },
    { "10.0.0.0/8,::1", "::1", true },
    { "10.0.0.0/8,::1", "10.1.1.1", true },
    { "10.0.0.0/8, ::1 ", "::1", true },
    { "10.0.0.0/8,::1", "127.0.0.1", false },
    /* An allowed IPv4 address is allowed wherever it is carried. */
    { "127.0.0.0/8", "::ffff:127.0.0.1", true },
    { "127.0.0.0/8", "64:ff9b::127.0.0.1", true },
    { "127.0.0.0/8", "2002:7f00:1::", true },
    { "127.0.0.0/8", "::127.0.0.1", true },
    { "127.0.0.0/8", "::ffff:10.0.0.1", false },
    { "::ffff:127.0.0.0/104", "127.0.0.1", true },
    /* And nothing else of its range is. */
    { "169.254.1.0/24", "169.254.169.254", false },
    { "fd00::/16", "fd00:ec2::254", true },
};

START_TEST(only_what_is_listed_is_allowed)
{
    const struct allow_row *row = &allow_rows[_i];
    struct address_rule rule = { 0 };
    allow(&rule, row->list);
    const char *kind = refuses(&rule, row->address);
    ck_assert_msg(!kind == row->is_allowed, "%s with %s: %s", row->address,
                  row->list, kind ? kind : "may be asked");
    ck_assert_ptr_eq(
        address_rule_refuses_literal(&rule, view_of_string(row->address)),
        kind);
    ck_assert_ptr_null(refuses(&rule, "8.8.8.8"));
}
END_TEST

START_TEST(lists_add_up)
{
    struct address_rule rule = { 0 };
    allow(&rule, "10.0.0.0/8");
    allow(&rule, "::1");
    ck_assert_ptr_null(refuses(&rule, "10.0.0.1"));
    ck_assert_ptr_null(refuses(&rule, "::1"));
    ck_assert_ptr_nonnull(refuses(&rule, "127.0.0.1"));
}
END_TEST

static const char *const bad_lists[] = {
    "x",
    "localhost",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8x",
    "10.0.0.0/ 8",
    "10.0.0.0/8/8",
    "10.0.0",
    "10.0.0.0.0",
    "10.0.0.256",
    "/8",
    ",",
    "10.0.0.0/8,",
    ",10.0.0.0/8",
    "10.0.0.0/8,,::1",
    "fd00::/129",
    "fd00:::/8",
    "[fd00::]/8",
    "fd00::/8 10.0.0.0/8",
    " ",
    "10.0.0.0/18446744073709551624",
    "1111:2222:3333:4444:5555:6666:255.255.255.255.255.255.255/8",
};

START_TEST(bad_lists_are_refused_with_the_part_that_is_bad)
{
    struct address_rule rule = { 0 };
    struct error err = { 0 };
    ck_assert_msg(!address_rule_allow(&rule, bad_lists[_i], &err), "\"%s\"",
                  bad_lists[_i]);
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "--allow-private"));
    ck_assert(!rule.allows_all);
    ck_assert_ptr_nonnull(refuses(&rule, "127.0.0.1"));
}
END_TEST

START_TEST(a_rule_holds_so_many_ranges_and_no_more)
{
    struct address_rule rule = { 0 };
    struct error err = { 0 };
    char text[32];
    for (int i = 0; i < ADDRESS_RANGES_MAX; i++) {
        snprintf(text, sizeof(text), "10.0.%d.0/24", i);
        allow(&rule, text);
    }
    ck_assert_ptr_null(refuses(&rule, "10.0.63.255"));
    ck_assert(!address_rule_allow(&rule, "::1", &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_ptr_nonnull(refuses(&rule, "::1"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("address");
    TCase *tests = tcase_create("address");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, special_addresses_are_refused_by_what_they_are,
                        0, (int)ARRAY_COUNT(special));
    tcase_add_loop_test(tests, other_addresses_may_be_asked, 0,
                        (int)ARRAY_COUNT(public));
    tcase_add_test(tests, an_address_of_another_family_is_refused);
    tcase_add_test(tests, names_and_what_is_no_address_are_not_judged);
    tcase_add_test(tests, a_zone_does_not_hide_a_literal_address);
    tcase_add_test(tests, a_host_is_read_no_further_than_it_goes);
    tcase_add_test(tests, allowing_without_a_list_allows_all);
    tcase_add_loop_test(tests, only_what_is_listed_is_allowed, 0,
                        (int)ARRAY_COUNT(allow_rows));
    tcase_add_test(tests, lists_add_up);
    tcase_add_loop_test(tests, bad_lists_are_refused_with_the_part_that_is_bad,
                        0, (int)ARRAY_COUNT(bad_lists));
    tcase_add_test(tests, a_rule_holds_so_many_ranges_and_no_more);
    return run_suite(suite);
}
