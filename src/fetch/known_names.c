/*
 * What was added is a list of (key, address) pairs; the key is "host:port",
 * "*:port", or "host" alone for what a hosts file says. It is sorted once and
 * searched by halving, so that a file of millions of names costs its size and
 * little more. Keys lie one behind the other in one buffer.
 */
#include "known_names.h"

#include "fetchgrep/base/buf.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_MAX = 256 + 8 };

struct pair {
    size_t key_offset;
    uint32_t key_size;
    uint32_t ordinal; /* equal keys stay in the order they were added in */
    struct address address;
};

struct known_names {
    struct buf keys;
    struct pair *pairs;
    size_t count, capacity;
    bool has_ports; /* some key has a port */
    bool is_sealed;
};

struct known_names *known_names_new(struct error *err)
{
    struct known_names *known = calloc(1, sizeof(*known));
    if (!known) {
        error_no_memory(err, "the known names");
        return NULL;
    }
    buf_init(&known->keys, SIZE_MAX / 2);
    return known;
}

void known_names_free(struct known_names *known)
{
    if (!known)
        return;
    buf_release(&known->keys);
    free(known->pairs);
    free(known);
}

static bool is_room_for_pair(struct known_names *known)
{
    if (known->count < known->capacity)
        return true;
    size_t capacity = known->capacity ? known->capacity * 2 : 16;
    struct pair *pairs = realloc(known->pairs, capacity * sizeof(*pairs));
    if (!pairs)
        return false;
    known->pairs = pairs;
    known->capacity = capacity;
    return true;
}

/* Host names have no case, and "example.org." is "example.org". */
static struct view without_dot(struct view host)
{
    return host.size > 1 && host.data[host.size - 1] == '.'
               ? view_first(host, host.size - 1)
               : host;
}

static bool add_pair(struct known_names *known, struct view host,
                     struct view port, const struct address *address,
                     struct error *err)
{
    char key[KEY_MAX];
    host = without_dot(host);
    if (host.size + 1 + port.size >= sizeof(key))
        return true; /* longer than any name: never asked for */
    for (size_t i = 0; i < host.size; i++)
        key[i] = (char)tolower((unsigned char)host.data[i]);
    size_t size = host.size;
    if (port.size) {
        key[size++] = ':';
        memcpy(key + size, port.data, port.size);
        size += port.size;
    }
    size_t offset = known->keys.size;
    buf_append(&known->keys, key, size);
    if (!is_room_for_pair(known) || known->keys.failed)
        return error_no_memory(err, "the known names");
    known->pairs[known->count] = (struct pair){
        .key_offset = offset,
        .key_size = (uint32_t)size,
        .ordinal = (uint32_t)known->count,
        .address = *address,
    };
    known->count++;
    known->has_ports |= port.size > 0;
    known->is_sealed = false;
    return true;
}

static struct view key_of(const struct known_names *known,
                          const struct pair *pair)
{
    return view_of(known->keys.data + pair->key_offset, pair->key_size);
}

static int compare_keys(struct view a, struct view b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_pairs(const void *a, const void *b, void *known)
{
    const struct pair *x = a, *y = b;
    int order = compare_keys(key_of(known, x), key_of(known, y));
    return order ? order
                 : (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

void known_names_seal(struct known_names *known)
{
    if (known->count)
        qsort_r(known->pairs, known->count, sizeof(*known->pairs),
                compare_pairs, known);
    known->is_sealed = true;
}

/* ---- --resolve -------------------------------------------------------- */

static bool is_port(struct view text)
{
    uint64_t port;
    return view_to_u64(text, &port) && port > 0 && port <= UINT16_MAX &&
           text.data[0] != '0';
}

static bool is_host(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] <= ' ' || text.data[i] == '/')
            return false;
    return text.size > 0;
}

bool known_names_add(struct known_names *known, const char *text,
                     struct error *err)
{
    struct view rest = view_of_string(text);
    struct view host = view_split(&rest, ':');
    struct view port = view_split(&rest, ':');
    bool is_well_formed = is_host(host) && is_port(port) && rest.size;
    while (is_well_formed && rest.data) {
        struct address address;
        is_well_formed =
            address_parse(view_trim(view_split(&rest, ',')), &address);
        if (is_well_formed && !add_pair(known, host, port, &address, err))
            return false;
    }
    if (is_well_formed)
        return true;
    return error_set(err, ERR_USAGE,
                     "--resolve: \"%s\" is not HOST:PORT:ADDRESS[,ADDRESS]",
                     text);
}

/* ---- hosts files ------------------------------------------------------ */

static struct view next_word(struct view *rest)
{
    *rest = view_trim(*rest);
    size_t size = 0;
    while (size < rest->size && !isspace((unsigned char)rest->data[size]))
        size++;
    struct view word = view_first(*rest, size);
    *rest = view_from(*rest, size);
    return word;
}

/* What is no address, such as one with a zone, is passed over, as everybody
 * does who reads this file. */
static bool add_line(struct known_names *known, struct view line,
                     struct error *err)
{
    struct address address;
    struct view rest = view_split(&line, '#');
    if (!address_parse(next_word(&rest), &address))
        return true;
    for (struct view name = next_word(&rest); name.size;
         name = next_word(&rest))
        if (!add_pair(known, name, view_of(NULL, 0), &address, err))
            return false;
    return true;
}

bool known_names_add_file(struct known_names *known, const char *path,
                          struct error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set_errno(err, ERR_USAGE, errno, "cannot open %s", path);
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    bool done = true;
    while (done && (size = getline(&line, &capacity, file)) >= 0)
        done = add_line(known, view_of(line, (size_t)size), err);
    if (done && ferror(file))
        done = error_set_errno(err, ERR_USAGE, errno, "cannot read %s", path);
    free(line);
    (void)fclose(file);
    return done;
}

/* ---- finding ---------------------------------------------------------- */

/* The first pair with this key, `count` when there is none. */
static size_t find_key(const struct known_names *known, struct view key)
{
    assert(known->is_sealed);
    size_t low = 0, high = known->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(key_of(known, &known->pairs[middle]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < known->count &&
                   view_equal(key_of(known, &known->pairs[low]), key)
               ? low
               : known->count;
}

static size_t copy_addresses(const struct known_names *known, size_t at,
                             struct address *addresses)
{
    if (at == known->count)
        return 0;
    struct view key = key_of(known, &known->pairs[at]);
    size_t count = 0;
    while (at < known->count && count < ADDRESSES_MAX &&
           view_equal(key_of(known, &known->pairs[at]), key))
        addresses[count++] = known->pairs[at++].address;
    return count;
}

static size_t find_with_port(const struct known_names *known, struct view host,
                             uint16_t port)
{
    char key[KEY_MAX];
    if (!known || !known->has_ports)
        return SIZE_MAX;
    host = without_dot(host);
    int size =
        snprintf(key, sizeof(key), "%.*s:%u", VIEW_ARG(host), (unsigned)port);
    size_t at = size > 0 && (size_t)size < sizeof(key)
                    ? find_key(known, view_of(key, (size_t)size))
                    : known->count;
    if (at < known->count)
        return at;
    size = snprintf(key, sizeof(key), "*:%u", (unsigned)port);
    at = find_key(known, view_of(key, (size_t)size));
    return at < known->count ? at : SIZE_MAX;
}

bool known_names_has_port(const struct known_names *known, struct view host,
                          uint16_t port)
{
    return find_with_port(known, host, port) != SIZE_MAX;
}

/* RFC 6761, 6.3: no name server is asked for these. */
static bool is_localhost(struct view host)
{
    return view_equal_string(host, "localhost") ||
           view_ends_with(host, ".localhost");
}

static size_t find_localhost(struct address addresses[ADDRESSES_MAX])
{
    bool done = address_parse(view_of_string("::1"), &addresses[0]) &&
                address_parse(view_of_string("127.0.0.1"), &addresses[1]);
    return done ? 2 : 0;
}

size_t known_names_find(const struct known_names *known, struct view host,
                        uint16_t port, struct address addresses[ADDRESSES_MAX])
{
    size_t at = find_with_port(known, host, port);
    if (at != SIZE_MAX)
        return copy_addresses(known, at, addresses);
    host = without_dot(host);
    if (is_localhost(host))
        return find_localhost(addresses);
    return known && known->count
               ? copy_addresses(known, find_key(known, host), addresses)
               : 0;
}
