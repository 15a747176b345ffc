/*
 * Sets of bytes, and classes of characters as such sets.
 */
#include "necessary_tree.h"

#include <math.h>

enum {
    KELVIN_SIGN = 0x212a, /* the other case of k */
    LONG_S = 0x17f,       /* and of s */
};

/* <ctype.h> asks the locale; PCRE2's tables do not. */
static bool is_letter(unsigned c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_word(unsigned c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

/* ---- sets of bytes ---------------------------------------------------- */

void byte_set_add_range(struct byte_set *set, unsigned first, unsigned last)
{
    for (unsigned byte = first; byte <= last; byte++)
        byte_set_add(set, byte);
}

unsigned byte_set_count(const struct byte_set *set)
{
    int count = 0;
    for (int i = 0; i < 4; i++)
        count += __builtin_popcountll(set->bits[i]);
    return (unsigned)count;
}

bool byte_set_has_ascii(const struct byte_set *set)
{
    return set->bits[0] || set->bits[1];
}

bool byte_set_has_high(const struct byte_set *set)
{
    return set->bits[2] || set->bits[3];
}

bool byte_set_is_word(const struct byte_set *set)
{
    if (byte_set_has_high(set) || !byte_set_has_ascii(set))
        return false;
    for (unsigned byte = 0; byte < 0x80; byte++)
        if (byte_set_has(set, byte) && !is_word(byte))
            return false;
    return true;
}

/* How often a byte stands in 64 kB of a page: HTML with some scripts, styles
 * and JSON (the documentation packages of a Debian system), by and large.
 * Digits and capitals are put up, as they come in clusters, and so is what is
 * rare there but need not be elsewhere. */
static const uint16_t frequency[128] = {
    /* \0 .. \x1f */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 300, 1200, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    /* space ! " # $ % & ' ( ) * + , - . / */
    8300, 64, 2185, 187, 64, 64, 91, 150, 247, 247, 64, 64, 344, 517, 787, 1266,
    /* 0 .. 9 : ; < = > ? @ */
    400, 400, 300, 300, 300, 300, 300, 300, 300, 300, 326, 227, 1958, 1046,
    1975, 64, 64,
    /* A .. Z [ \ ] ^ _ ` */
    200, 150, 200, 150, 200, 150, 150, 150, 200, 150, 150, 150, 150, 150, 150,
    200, 150, 150, 200, 200, 150, 150, 150, 150, 150, 150, 90, 64, 90, 32, 235,
    64,
    /* a .. z { | } ~ \x7f */
    3787, 479, 2094, 1509, 4407, 797, 643, 1127, 2483, 110, 231, 2594, 899,
    2985, 2350, 1930, 90, 2535, 3904, 3279, 895, 337, 265, 273, 494, 90, 161,
    64, 161, 32, 16
};

double byte_set_information(const struct byte_set *set)
{
    enum { HIGH = 16 }; /* each byte beyond ASCII: pages are mostly English */
    static const double all = 65536;
    double sum = 0;
    for (unsigned byte = 0; byte < 256; byte++)
        if (byte_set_has(set, byte))
            sum += byte < 0x80 ? frequency[byte] : HIGH;
    return sum <= 0 || sum >= all ? 0 : log2(all / sum);
}

/* ---- what classes are made of ----------------------------------------- */

/* Are the characters beyond ASCII in it? */
enum beyond { BEYOND_NONE, BEYOND_SOME, BEYOND_ALL };

/* A named set of ASCII: pairs of first and last. */
struct named_set {
    const char *name;
    const char *ranges;
    size_t size;
};

#define NAMED(name, ranges)                                                    \
    {                                                                          \
        name, ranges, sizeof(ranges) - 1                                       \
    }

static struct byte_set set_of(const struct named_set *named)
{
    struct byte_set set = { { 0 } };
    for (size_t i = 0; i + 1 < named->size; i += 2)
        byte_set_add_range(&set, (unsigned char)named->ranges[i],
                           (unsigned char)named->ranges[i + 1]);
    return set;
}

static struct byte_set beyond_ascii(void)
{
    return (struct byte_set){ { 0, 0, UINT64_MAX, UINT64_MAX } };
}

static struct byte_set ascii_without(const struct byte_set *set)
{
    return (struct byte_set){ { ~set->bits[0], ~set->bits[1], 0, 0 } };
}

static void add_known(struct char_class *class, const struct byte_set *ascii,
                      enum beyond beyond)
{
    struct byte_set high = beyond_ascii();
    byte_set_unite(&class->may, ascii);
    byte_set_unite(&class->must, ascii);
    if (beyond != BEYOND_NONE)
        byte_set_unite(&class->may, &high);
    if (beyond == BEYOND_ALL)
        byte_set_unite(&class->must, &high);
}

static void add_named(struct char_class *class, const struct named_set *named,
                      bool is_negated, enum beyond beyond)
{
    struct byte_set ascii = set_of(named);
    if (is_negated)
        ascii = ascii_without(&ascii);
    add_known(class, &ascii, beyond);
}

/* Upper or lower case, where case is ignored: in some versions and places the
 * class then has both cases, in others it does not. */
static void add_either_case(struct char_class *class,
                            const struct named_set *named, bool is_negated)
{
    static const struct named_set letters = NAMED("", "AZaz");
    struct byte_set both = set_of(&letters), neither = ascii_without(&both);
    if (is_negated) {
        add_known(class, &neither, BEYOND_SOME);
    } else {
        add_named(class, named, false, BEYOND_SOME);
    }
    byte_set_unite(&class->may, &both);
}

static bool is_case(const char *name)
{
    return !strcmp(name, "upper") || !strcmp(name, "lower") ||
           !strcmp(name, "lu") || !strcmp(name, "ll") || !strcmp(name, "lt");
}

/* ---- characters and ranges -------------------------------------------- */

static void add_ascii(struct char_class *class, struct char_rules rules,
                      unsigned c)
{
    byte_set_add(&class->may, c);
    byte_set_add(&class->must, c);
    if (!rules.is_caseless || !is_letter(c))
        return;
    byte_set_add(&class->may, c ^ 0x20);
    byte_set_add(&class->must, c ^ 0x20);
    if (!rules.is_utf)
        return;
    /* The Kelvin sign and the long s, as bytes. */
    const char *other = (c | 0x20) == 'k'   ? "\xe2\x84\xaa"
                        : (c | 0x20) == 's' ? "\xc5\xbf"
                                            : "";
    for (; *other; other++)
        byte_set_add(&class->may, (unsigned char)*other);
}

static unsigned first_byte(uint32_t c)
{
    if (c < 0x800)
        return 0xc0 | (unsigned)(c >> 6);
    if (c < 0x10000)
        return 0xe0 | (unsigned)(c >> 12);
    return 0xf0 | (unsigned)((c >> 18) & 7);
}

/* Characters of UTF-8 beyond ASCII. */
static void add_wide(struct char_class *class, struct char_rules rules,
                     uint32_t first, uint32_t last)
{
    if (!rules.is_caseless) {
        byte_set_add_range(&class->may, first_byte(first), first_byte(last));
        byte_set_add_range(&class->may, 0x80, 0xbf);
        return;
    }
    /* Other cases may lie anywhere. */
    struct byte_set high = beyond_ascii();
    byte_set_unite(&class->may, &high);
    if (first <= KELVIN_SIGN && last >= KELVIN_SIGN) {
        byte_set_add(&class->may, 'k');
        byte_set_add(&class->may, 'K');
    }
    if (first <= LONG_S && last >= LONG_S) {
        byte_set_add(&class->may, 's');
        byte_set_add(&class->may, 'S');
    }
}

/* Bytes beyond ASCII, without UTF. */
static void add_high(struct char_class *class, struct char_rules rules,
                     uint32_t first, uint32_t last)
{
    struct byte_set high = beyond_ascii();
    if (last > 0xff)
        last = 0xff;
    if (rules.is_caseless)
        byte_set_unite(&class->may, &high);
    else if (first <= last)
        byte_set_add_range(&class->may, first, last);
}

void char_class_add_range(struct char_class *class, struct char_rules rules,
                          uint32_t first, uint32_t last)
{
    for (uint32_t c = first; c <= last && c < 0x80; c++)
        add_ascii(class, rules, c);
    if (last < 0x80)
        return;
    if (first < 0x80)
        first = 0x80;
    if (rules.is_utf)
        add_wide(class, rules, first, last);
    else
        add_high(class, rules, first, last);
}

/* ---- \d and its like -------------------------------------------------- */

void char_class_add_escape(struct char_class *class, struct char_rules rules,
                           char letter)
{
    static const struct named_set kinds[] = {
        NAMED("d", "09"),     NAMED("s", "\t\r  "), NAMED("w", "09AZ__az"),
        NAMED("h", "\t\t  "), NAMED("v", "\n\r"),
    };
    bool is_negated = letter >= 'A' && letter <= 'Z';
    char kind = (char)(letter | 0x20);
    /* Without UCP \d, \s and \w are ASCII; \h and \v never are. */
    enum beyond beyond = rules.has_ucp || kind == 'h' || kind == 'v'
                             ? BEYOND_SOME
                         : is_negated ? BEYOND_ALL
                                      : BEYOND_NONE;
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (kinds[i].name[0] == kind)
            add_named(class, &kinds[i], is_negated, beyond);
}

/* ---- POSIX ------------------------------------------------------------ */

bool char_class_add_posix(struct char_class *class, struct char_rules rules,
                          struct view name, bool is_negated)
{
    static const struct named_set names[] = {
        NAMED("alpha", "AZaz"),
        NAMED("lower", "az"),
        NAMED("upper", "AZ"),
        NAMED("alnum", "09AZaz"),
        NAMED("ascii", "\0\x7f"),
        NAMED("blank", "\t\t  "),
        NAMED("cntrl", "\0\x1f\x7f\x7f"),
        NAMED("digit", "09"),
        NAMED("graph", "!~"),
        NAMED("print", " ~"),
        NAMED("punct", "!/:@[`{~"),
        NAMED("space", "\t\r  "),
        NAMED("word", "09AZ__az"),
        NAMED("xdigit", "09AFaf"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (!view_equal_string(name, names[i].name))
            continue;
        if (rules.is_caseless && is_case(names[i].name))
            add_either_case(class, &names[i], is_negated);
        else
            add_named(class, &names[i], is_negated,
                      rules.has_ucp || is_negated ? BEYOND_SOME : BEYOND_NONE);
        return true;
    }
    return false;
}

/* ---- Unicode properties ----------------------------------------------- */

/* The ASCII part of those that are known; names as PCRE2 compares them. */
static const struct named_set properties[] = {
    NAMED("any", "\0\x7f"),
    NAMED("l", "AZaz"),
    NAMED("l&", "AZaz"),
    NAMED("lc", "AZaz"),
    NAMED("ll", "az"),
    NAMED("lu", "AZ"),
    NAMED("lt", ""),
    NAMED("lm", ""),
    NAMED("lo", ""),
    NAMED("m", ""),
    NAMED("mn", ""),
    NAMED("mc", ""),
    NAMED("me", ""),
    NAMED("n", "09"),
    NAMED("nd", "09"),
    NAMED("nl", ""),
    NAMED("no", ""),
    NAMED("p", "!#%*,/:;?@[]__{{}}"),
    NAMED("pc", "__"),
    NAMED("pd", "--"),
    NAMED("ps", "(([[{{"),
    NAMED("pe", "))]]}}"),
    NAMED("pi", ""),
    NAMED("pf", ""),
    NAMED("po", "!#%'**,,./:;?@\\\\"),
    NAMED("s", "$$++<>^^``||~~"),
    NAMED("sm", "++<>||~~"),
    NAMED("sc", "$$"),
    NAMED("sk", "^^``"),
    NAMED("so", ""),
    NAMED("z", "  "),
    NAMED("zs", "  "),
    NAMED("zl", ""),
    NAMED("zp", ""),
    NAMED("cc", "\0\x1f\x7f\x7f"),
    NAMED("cf", ""),
    NAMED("cn", ""),
    NAMED("co", ""),
    NAMED("cs", ""),
    NAMED("xan", "09AZaz"),
    NAMED("xsp", "\t\r  "),
    NAMED("xps", "\t\r  "),
    NAMED("xwd", "09AZ__az"),
    NAMED("latin", "AZaz"),
    NAMED("latn", "AZaz"),
    NAMED("arabic", ""),
    NAMED("armenian", ""),
    NAMED("bengali", ""),
    NAMED("cherokee", ""),
    NAMED("cyrillic", ""),
    NAMED("devanagari", ""),
    NAMED("georgian", ""),
    NAMED("greek", ""),
    NAMED("han", ""),
    NAMED("hangul", ""),
    NAMED("hebrew", ""),
    NAMED("hiragana", ""),
    NAMED("katakana", ""),
    NAMED("tamil", ""),
    NAMED("thai", ""),
};

/* Case, spaces, `-` and `_` do not count in a name. */
static bool property_is(struct view name, const char *known)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c == '_' || c == '-' || c == ' ' || (c >= '\t' && c <= '\r'))
            continue;
        if ((char)(is_letter(c) ? c | 0x20 : c) != *known)
            return false;
        known++;
    }
    return !*known;
}

void char_class_add_property(struct char_class *class, struct char_rules rules,
                             struct view name, bool is_negated)
{
    struct byte_set all = { { UINT64_MAX, UINT64_MAX, UINT64_MAX,
                              UINT64_MAX } };
    for (size_t i = 0; i < ARRAY_COUNT(properties); i++) {
        if (!property_is(name, properties[i].name))
            continue;
        if (rules.is_caseless && is_case(properties[i].name))
            add_either_case(class, &properties[i], is_negated);
        else
            add_named(class, &properties[i], is_negated, BEYOND_SOME);
        return;
    }
    byte_set_unite(&class->may, &all);
}

void char_class_negate(struct char_class *class, struct char_rules rules)
{
    struct char_class negated = { .may = ascii_without(&class->must) };
    if (rules.is_utf) {
        if (!byte_set_has_high(&class->must))
            negated.may.bits[2] = negated.may.bits[3] = UINT64_MAX;
    } else {
        negated.may.bits[2] = ~class->must.bits[2];
        negated.may.bits[3] = ~class->must.bits[3];
    }
    *class = negated; /* its `must` is not needed any more */
}
