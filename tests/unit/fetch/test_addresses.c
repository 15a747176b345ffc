/* Addresses as text, in order, and what the rule leaves of them. */
#include "../../../src/fetch/addresses.h"

#include "suite.h"

#include <arpa/inet.h>

static struct address parse(const char *text)
{
    struct address address;
    ck_assert_msg(address_parse(view_of_string(text), &address), "%s", text);
    return address;
}

static void assert_text(const struct address *address, const char *expected)
{
    char text[ADDRESS_TEXT_SIZE];
    address_format(address, text);
    ck_assert_str_eq(text, expected);
}

START_TEST(an_address_is_read_and_written)
{
    static const char *const pairs[][2] = {
        { "192.0.2.1", "192.0.2.1" },
        { "2001:DB8::1", "2001:db8::1" },
        { "[::1]", "::1" },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
    };
    struct address address = parse(pairs[_i][0]);
    assert_text(&address, pairs[_i][1]);
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    static const char *const texts[] = {
        "",           "example.org",
        "1.2.3",      "1.2.3.4.5",
        "256.1.1.1",  "[1.2.3.4]",
        "[::1",       "::1]",
        "[]",         "fe80::1%eth0",
        "1.2.3.4 ",   ":::",
        "0x7f.0.0.1", "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111",
    };
    struct address untouched = { .family = 77 };
    ck_assert(!address_parse(view_of_string(texts[_i]), &untouched));
    ck_assert_int_eq(untouched.family, 77);
}
END_TEST

START_TEST(addresses_of_two_families_are_never_equal)
{
    struct address v4 = parse("0.0.0.1"), v6 = parse("0:1::");
    ck_assert(address_equal(&v4, &v4));
    ck_assert(!address_equal(&v4, &v6));
}
END_TEST

START_TEST(a_socket_address_has_family_and_port)
{
    struct sockaddr_storage storage;
    struct address v4 = parse("192.0.2.7"), v6 = parse("2001:db8::7");
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    ck_assert_uint_eq(address_to_socket(&v4, 80, &storage), sizeof(in));
    memcpy(&in, &storage, sizeof(in));
    ck_assert_int_eq(in.sin_family, AF_INET);
    ck_assert_uint_eq(ntohs(in.sin_port), 80);
    ck_assert_uint_eq(ntohl(in.sin_addr.s_addr), 0xc0000207);
    ck_assert_uint_eq(address_to_socket(&v6, 443, &storage), sizeof(in6));
    memcpy(&in6, &storage, sizeof(in6));
    ck_assert_int_eq(in6.sin6_family, AF_INET6);
    ck_assert_uint_eq(ntohs(in6.sin6_port), 443);
    ck_assert_uint_eq(in6.sin6_addr.s6_addr[15], 7);
}
END_TEST

START_TEST(what_the_rule_refuses_is_taken_out)
{
    const struct address_rule rule = { 0 };
    struct address refused, addresses[] = {
        parse("10.0.0.1"),
        parse("9.9.9.9"),
        parse("::1"),
        parse("8.8.8.8"),
    };
    const char *kind = NULL;
    ck_assert_uint_eq(addresses_admit(addresses, 4, &rule, &refused, &kind), 2);
    assert_text(&addresses[0], "9.9.9.9");
    assert_text(&addresses[1], "8.8.8.8");
    ck_assert_ptr_null(kind);
}
END_TEST

START_TEST(when_all_are_refused_the_first_is_named)
{
    const struct address_rule rule = { 0 };
    struct address refused,
        addresses[] = { parse("169.254.169.254"), parse("10.0.0.1") };
    const char *kind = NULL;
    ck_assert_uint_eq(addresses_admit(addresses, 2, &rule, &refused, &kind), 0);
    assert_text(&refused, "169.254.169.254");
    ck_assert_str_eq(kind, "metadata address");
}
END_TEST

/* The order is the machine's: one without IPv6 must not begin with it. */
START_TEST(the_family_with_a_route_goes_first)
{
    struct address local = parse("::1");
    struct address addresses[] = { parse("192.0.2.1"), parse("::1"),
                                   parse("192.0.2.2") };
    bool has_v6 = address_has_route(&local);
    addresses_order(addresses, 3);
    assert_text(&addresses[has_v6 ? 0 : 2], "::1");
    assert_text(&addresses[has_v6 ? 1 : 0], "192.0.2.1");
    assert_text(&addresses[has_v6 ? 2 : 1], "192.0.2.2");
}
END_TEST

START_TEST(a_set_lives_as_long_as_its_last_reference)
{
    const struct address addresses[] = { parse("192.0.2.1"),
                                         parse("192.0.2.2") };
    struct address_set *set = address_set_new(addresses, 2);
    ck_assert_ptr_nonnull(set);
    ck_assert_ptr_eq(address_set_ref(set), set);
    address_set_unref(set);
    ck_assert_uint_eq(set->count, 2);
    assert_text(&set->addresses[1], "192.0.2.2");
    address_set_unref(set); /* the leak checker knows the rest */
    address_set_unref(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("addresses");
    TCase *tcase = tcase_create("addresses");
    tcase_add_loop_test(tcase, an_address_is_read_and_written, 0, 4);
    tcase_add_loop_test(tcase, what_is_no_address_is_refused, 0, 14);
    tcase_add_test(tcase, addresses_of_two_families_are_never_equal);
    tcase_add_test(tcase, a_socket_address_has_family_and_port);
    tcase_add_test(tcase, what_the_rule_refuses_is_taken_out);
    tcase_add_test(tcase, when_all_are_refused_the_first_is_named);
    tcase_add_test(tcase, the_family_with_a_route_goes_first);
    tcase_add_test(tcase, a_set_lives_as_long_as_its_last_reference);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
