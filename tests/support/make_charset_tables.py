#!/usr/bin/env python3
"""Writes src/extract/charset_tables.c to standard output.

The tables are those of Python's codecs, mended where the WHATWG Encoding
Standard differs (MENDED, and bytes 0x80 to 0x9f, which always mean something
there). tests/unit/extract/test_charset.c holds them against the standard's own
indexes, by digest.
"""

import sys

# The standard's name, Python's codec; in the order of enum charset.
ENCODINGS = [
    ("ibm866", "cp866"),
    *((f"iso-8859-{n}", f"iso8859-{n}") for n in (2, 3, 4, 5, 6, 7, 8)),
    ("iso-8859-8-i", "iso8859-8"),
    *((f"iso-8859-{n}", f"iso8859-{n}") for n in (10, 13, 14, 15, 16)),
    ("koi8-r", "koi8-r"),
    ("koi8-u", "koi8-u"),
    ("macintosh", "mac-roman"),
    ("windows-874", "cp874"),
    *((f"windows-{n}", f"cp{n}") for n in range(1250, 1259)),
    ("x-mac-cyrillic", "mac-cyrillic"),
]

# Where the standard differs: letters of Belarusian, a Hebrew point.
MENDED = {
    ("koi8-u", 0xAE): 0x045E,
    ("koi8-u", 0xBE): 0x040E,
    ("windows-1255", 0xCA): 0x05BA,
}

HEAD = """\
/*
 * Made by tests/support/make_charset_tables.py; do not edit.
 *
 * Single-byte encodings: what the bytes 0x80 to 0xff mean, 0 where they mean
 * nothing. Then the ranges of code points that gb18030 writes in four bytes.
 */
#include "charset_parts.h"

/* clang-format off */
"""


def high_half(name, codec):
    for byte in range(0x80, 0x100):
        try:
            point = ord(bytes([byte]).decode(codec))
        except UnicodeDecodeError:
            point = byte if byte < 0xA0 else 0
        yield MENDED.get((name, byte), point)


def gb18030_bytes(pointer):
    pointer, fourth = divmod(pointer, 10)
    pointer, third = divmod(pointer, 126)
    first, second = divmod(pointer, 10)
    return bytes([first + 0x81, second + 0x30, third + 0x81, fourth + 0x30])


def gb18030_ranges():
    """First pointer and first code point of each run of both."""
    expected = None
    for pointer in range(39420):
        point = ord(gb18030_bytes(pointer).decode("gb18030"))
        if point != expected:
            yield pointer, point
        expected = point + 1


def rows(values, width):
    values = list(values)
    for at in range(0, len(values), width):
        yield "    " + " ".join(values[at : at + width])


def main():
    out = [HEAD]
    out.append("const uint16_t charset_high_halves[][128] = {")
    for name, codec in ENCODINGS:
        out.append(f"    {{ /* {name} */")
        out.extend(
            rows((f"{point:#06x}," for point in high_half(name, codec)), 8)
        )
        out.append("    },")
    out.append("};\n")
    out.append("const struct charset_range charset_gb18030_ranges[] = {")
    out.extend(
        rows((f"{{ {a}, {b:#06x} }}," for a, b in gb18030_ranges()), 4)
    )
    out.append("};\n")
    out.append("const size_t charset_gb18030_range_count =")
    out.append("    ARRAY_COUNT(charset_gb18030_ranges);")
    print("\n".join(out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
