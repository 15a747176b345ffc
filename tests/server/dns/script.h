/*
 * script.h - what the name server replies: read from the name itself, label by
 * label. The server lives as long as one test: when memory is out it ends.
 */
#ifndef TESTS_SERVER_DNS_SCRIPT_H
#define TESTS_SERVER_DNS_SCRIPT_H

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    HEAD_SIZE = 12,
    NAME_SIZE = 256,
    REPLY_MOST = 16 << 10,
    ADDRESSES_MOST = 512,
    TTL_DEFAULT = 300,
};

static const char help_text[] =
    "usage: dns_server [--log FILE]\n"
    "labels that script the reply:\n"
    "  ok            the address 127.0.0.1\n"
    "  ip-A-B-C-D    the address A.B.C.D, beside others\n"
    "  many-N        N addresses from 127.1.0.1 on\n"
    "  v6            the address ::1\n"
    "  empty         the name exists and has no address\n"
    "  nx            no such name (so are names without any of these)\n"
    "  servfail      the server cannot tell\n"
    "  fails-N       the first N questions for the name and type fail so\n"
    "  refused       the server does not want to tell\n"
    "  silent        no reply; silent6: none for IPv6 addresses\n"
    "  slow-MS       the reply comes later\n"
    "  ttl-S         time to live\n"
    "  cname         the addresses belong to another name, by two aliases\n"
    "  garbage       a reply that is none\n";

struct question {
    unsigned char head[HEAD_SIZE];
    unsigned char raw[NAME_SIZE + 4]; /* as sent: name, type, class */
    size_t raw_size;
    char name[NAME_SIZE];
    unsigned type;
};

struct reply {
    unsigned char bytes[REPLY_MOST];
    size_t size;
};

/* How often a name of "fails-N" was asked for, by type. */
struct failures {
    struct failures *next;
    long count;
    unsigned type;
    char name[NAME_SIZE];
};

static void fail(const char *what)
{
    fprintf(stderr, "dns_server: ");
    perror(what);
    exit(3);
}

static void *get_memory(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory)
        fail("memory");
    return memory;
}

/* ---- the script in a name ---------------------------------------------- */

/* The next label in which `word` stands alone, or as "word-REST". */
static const char *find_label(const char *name, const char *word,
                              const char **ret_rest)
{
    size_t size = strlen(word);
    while (*name) {
        size_t label = strcspn(name, ".");
        if (label >= size && !strncasecmp(name, word, size) &&
            (label == size || name[size] == '-')) {
            *ret_rest = label == size ? "" : name + size + 1;
            return name;
        }
        name += label + (name[label] == '.');
    }
    return NULL;
}

static bool says(const char *name, const char *word)
{
    const char *rest;
    return find_label(name, word, &rest) != NULL;
}

static long number(const char *name, const char *word, long otherwise)
{
    const char *rest;
    return find_label(name, word, &rest) ? strtol(rest, NULL, 10) : otherwise;
}

/* "-A-B-C-D" as an address. */
static bool read_address(const char *rest, unsigned char address[4])
{
    for (int i = 0; i < 4; i++) {
        char *end;
        long value = strtol(rest, &end, 10);
        if (end == rest || value < 0 || value > 255)
            return false;
        address[i] = (unsigned char)value;
        rest = end + (*end == '-');
    }
    return true;
}

static size_t addresses_of(const char *name,
                           unsigned char addresses[ADDRESSES_MOST][4])
{
    size_t count = 0;
    const char *rest, *at = name;
    static const unsigned char first[4] = { 127, 0, 0, 1 };
    if (says(name, "ok"))
        memcpy(addresses[count++], first, 4);
    while ((at = find_label(at, "ip", &rest)) != NULL) {
        if (count < ADDRESSES_MOST && read_address(rest, addresses[count]))
            count++;
        at += strcspn(at, ".");
        at += *at == '.';
    }
    long many = number(name, "many", 0);
    for (long i = 1; i <= many && count < ADDRESSES_MOST; i++) {
        const unsigned char next[4] = { 127, 1, (unsigned char)(i / 256),
                                        (unsigned char)(i % 256) };
        memcpy(addresses[count++], next, 4);
    }
    return count;
}

static bool exists(const char *name)
{
    unsigned char addresses[ADDRESSES_MOST][4];
    return !says(name, "nx") && (addresses_of(name, addresses) > 0 ||
                                 says(name, "v6") || says(name, "empty"));
}

/* "fails-N": whether this question is among the first N of its kind. */
static bool fails_now(struct failures **failures_of_names,
                      const struct question *question)
{
    struct failures *failures = *failures_of_names;
    const char *name = question->name;
    long most = number(name, "fails", 0);
    if (most <= 0)
        return false;
    while (failures && (failures->type != question->type ||
                        strcasecmp(failures->name, name) != 0))
        failures = failures->next;
    if (!failures) {
        failures = get_memory(sizeof(*failures));
        failures->type = question->type;
        snprintf(failures->name, sizeof(failures->name), "%s", name);
        failures->next = *failures_of_names;
        *failures_of_names = failures;
    }
    return failures->count++ < most;
}

/* ---- replies ----------------------------------------------------------- */

static void put(struct reply *reply, const void *data, size_t size)
{
    if (reply->size + size > sizeof(reply->bytes))
        fail("a reply that is too long");
    memcpy(reply->bytes + reply->size, data, size);
    reply->size += size;
}

static void put_16(struct reply *reply, unsigned value)
{
    const unsigned char bytes[2] = { (unsigned char)(value >> 8),
                                     (unsigned char)value };
    put(reply, bytes, 2);
}

/* A record up to its data. `owner` is where its name stands in the reply. */
static void put_record(struct reply *reply, unsigned owner, unsigned type,
                       long ttl, unsigned size)
{
    put_16(reply, 0xc000 | owner);
    put_16(reply, type);
    put_16(reply, ns_c_in);
    put_16(reply, (unsigned)(ttl >> 16));
    put_16(reply, (unsigned)(ttl & 0xffff));
    put_16(reply, size);
}

/* "alias-N.<the name>" for the owner; returns where it stands. */
static unsigned put_alias(struct reply *reply, unsigned owner, long ttl,
                          char number)
{
    const unsigned char label[] = { 7,   'a', 'l', 'i',
                                    'a', 's', '-', (unsigned char)number };
    put_record(reply, owner, ns_t_cname, ttl, sizeof(label) + 2);
    unsigned at = (unsigned)reply->size;
    put(reply, label, sizeof(label));
    put_16(reply, 0xc000 | HEAD_SIZE);
    return at;
}

static unsigned put_answers(struct reply *reply,
                            const struct question *question)
{
    static const unsigned char loopback_v6[16] = { [15] = 1 };
    unsigned char addresses[ADDRESSES_MOST][4];
    const char *name = question->name;
    long ttl = number(name, "ttl", TTL_DEFAULT);
    unsigned owner = HEAD_SIZE, count = 0;
    if (says(name, "cname")) {
        owner = put_alias(reply, owner, ttl, '1');
        owner = put_alias(reply, owner, ttl, '2');
        count += 2;
    }
    size_t v4_count =
        question->type == ns_t_a ? addresses_of(name, addresses) : 0;
    for (size_t i = 0; i < v4_count; i++, count++) {
        put_record(reply, owner, ns_t_a, ttl, 4);
        put(reply, addresses[i], 4);
    }
    if (question->type == ns_t_aaaa && says(name, "v6")) {
        put_record(reply, owner, ns_t_aaaa, ttl, 16);
        put(reply, loopback_v6, 16);
        count++;
    }
    return count;
}

static unsigned code_of(struct failures **failures_of_names,
                        const struct question *question)
{
    const char *name = question->name;
    return says(name, "servfail") || fails_now(failures_of_names, question)
               ? ns_r_servfail
           : says(name, "refused") ? ns_r_refused
           : exists(name)          ? ns_r_noerror
                                   : ns_r_nxdomain;
}

/* False: the question gets no reply. */
static bool make_reply(struct failures **failures_of_names,
                       const struct question *question, struct reply *reply)
{
    const char *name = question->name;
    reply->size = 0;
    if (says(name, "silent") ||
        (says(name, "silent6") && question->type == ns_t_aaaa))
        return false;
    unsigned code = code_of(failures_of_names, question), count = 0;
    put(reply, question->head, HEAD_SIZE);
    if (says(name, "garbage")) {
        put(reply, "\xff\xff\xff\xff", 4);
        reply->bytes[2] |= 0x80;
        return true;
    }
    put(reply, question->raw, question->raw_size);
    if (code == ns_r_noerror)
        count = put_answers(reply, question);
    const unsigned char rest[10] = {
        0x84 | (question->head[2] & 1), /* reply, of authority */
        (unsigned char)(0x80 | code),
        0,
        1, /* one question */
        (unsigned char)(count >> 8),
        (unsigned char)count,
    };
    memcpy(reply->bytes + 2, rest, sizeof(rest));
    return true;
}

#endif
