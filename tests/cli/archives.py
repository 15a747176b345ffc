#!/usr/bin/python3
"""archives.py KIND: a WARC file of about 300 kB on standard output.

plain, gzip   a page a record (gzip: a member a record)
nested        gzip with pages that are .warc.gz files, one of them larger than
              a hundred others together, kept without compression
damaged       gzip with bits changed, bytes missing, junk between
whole         one gzip member
"""

import gzip
import random
import sys

kind = sys.argv[1]
dice = random.Random(kind)


def words(count):
    return b" ".join(b"%x" % dice.randrange(1 << dice.randrange(1, 40))
                     for _ in range(count))


def record(number, body, media_type=b"text/html"):
    block = (b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n%s"
             % (media_type, body))
    return (b"WARC/1.1\r\nWARC-Type: %s\r\nWARC-Target-URI: http://a/%d\r\n"
            b"WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Length: %d\r\n\r\n"
            b"%s\r\n\r\n" % (b"response" if number % 4 else b"metadata",
                             number, len(block), block))


def page(number):
    return record(number, b"<meta n=%d> %s <meta>"
                  % (number, words(dice.randrange(900))))


def inner(count):
    return b"".join(gzip.compress(page(10000 + i), 9) for i in range(count))


def members():
    for number in range(150):
        if kind == "nested" and number in (40, 90, 91):
            yield gzip.compress(
                record(number, b"<meta before> " + inner(4 if number > 90
                                                         else 60),
                       b"text/plain"), 0)
        else:
            yield gzip.compress(page(number), dice.choice((0, 1, 6)))


def damaged(member):
    at = dice.randrange(len(member))
    what = dice.randrange(12)
    if what == 0:
        return member[:at] + bytes([member[at] ^ 4]) + member[at + 1:]
    if what == 1:
        return member[:at]
    if what == 2:
        return member + words(40)
    return member


out = sys.stdout.buffer
if kind in ("plain", "whole"):
    text = b"".join(page(number) for number in range(150))
    out.write(text if kind == "plain" else gzip.compress(text))
else:
    for packed in members():
        out.write(damaged(packed) if kind == "damaged" else packed)
