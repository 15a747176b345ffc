"""Random pages with fragments that patterns match, as files and as WARCs."""

import gzip
import zlib

import grammar

WORDS = ("meta name content href token secret kelvin Kelvin KELVIN \u212aelvin "
         "sky \u017fky stra\u00dfe STRASSE STRA\u1e9eE \u0432\u043e\u0434\u0430 "
         "\u0412\u041e\u0414\u0410 \u1c80\u043e\u0434\u0430 \u03c3\u03bf\u03c6"
         "\u03cc\u03c2 \u03a3\u039f\u03a6\u038c\u03a3 \u10d0\u10e5 \u1c90\u1ca5 "
         "\u13a0\u13a1 \uab70\uab71 \u6f22\u5b57 \u3042 \u0639\u0631 \u05d0 key "
         "127.0.0.1 2026-11-22 user@example.org http://example.org/a?b=c k=a "
         "0123456789abcdef api_key: x&amp;y \U0001f600 e\u0301 foobar word "
         "&nbsp; a\u00a0b 12345 (a(b)c) <b>x</b>").split(" ")
BREAKS = ["\n", "\n", "\n", "\r\n", "\n\n", " ", "\t", "\x0b", "\r", "\u2028",
          "\u0085", ""]
# A label, as WHATWG has them, and the codec of Python's that is the same on all
# that can be written in both directions.
CHARSETS = [
    ("utf-8", "utf-8"), ("windows-1252", "cp1252"), ("iso-8859-2", "iso8859-2"),
    ("iso-8859-7", "iso8859-7"), ("windows-1251", "cp1251"),
    ("koi8-r", "koi8-r"), ("windows-1253", "cp1253"), ("shift_jis", "cp932"),
    ("euc-jp", "euc_jp"), ("gb18030", "gb18030"), ("big5", "big5hkscs"),
    ("euc-kr", "cp949"), ("utf-16le", "utf-16-le"), ("utf-16be", "utf-16-be"),
]


class Page:
    def __init__(self, name, text, charset="utf-8", codec="utf-8", mark=b""):
        self.name, self.text = name, text
        self.charset = charset  # to be told; None: nothing need be told
        self.body = mark + text.encode(codec)

    def utf8(self):
        return self.text.encode()


def make_text(patterns, rng, caseless, size):
    parts, length = [], 0
    while length < size:
        way = rng.random()
        if way < .35:
            part = rng.choice(patterns).sample(rng, caseless)
            if rng.random() < .3:
                part = spoiled(part, rng)
        elif way < .45:
            part = grammar.other_case(rng.choice(WORDS), rng)
        elif way < .6:
            name = rng.choice(["p", "a", "b", "meta", "div"])
            part = f'<{name} name="{rng.choice(WORDS)}">'
        elif way < .65:
            part = rng.choice("abkKs1\u0436 ") * rng.choice([2, 7, 40])
        else:
            part = rng.choice(WORDS)
        part += rng.choice(BREAKS) if rng.random() < .25 else rng.choice(" ,. ")
        parts.append(part)
        length += len(part) + 1
    text = "".join(parts)
    return text.strip("\0\ufeff") if rng.random() < .9 else text.rstrip()


def spoiled(text, rng):
    """One character less, more or other."""
    if not text:
        return text
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(["", "x", "\u0436", "\n"]) + text[at + 1:]


def writable(text, codec):
    """What the codec can write and reads back as the same."""
    try:
        if text.encode(codec).decode(codec) == text:
            return text
    except UnicodeError:
        pass
    kept = []
    for c in text:
        try:
            if c.encode(codec).decode(codec) == c:
                kept.append(c)
        except UnicodeError:
            continue
    return "".join(kept)


def make_pages(patterns, rng, caseless, count, has_charsets):
    """Pages of many lengths, most of them short; one of them long."""
    pages = []
    for number in range(count):
        size = rng.choice([0, 5, 60, 300, 800, 1500, 3000])
        if number == count // 2:
            size = rng.choice([10000, 30000])
        text = make_text(patterns, rng, caseless, size).replace("\0", " ")
        name = f"{number:04}.html"
        if text.startswith("\ufeff"):
            text = text.lstrip("\ufeff")
        if not has_charsets or rng.random() < .5:
            mark = rng.choice([b"", b"", b"\xef\xbb\xbf"])
            told = "utf-8" if has_charsets else None
            if mark or text.isascii():
                told = None
            pages.append(Page(name, text, told, "utf-8", mark))
            continue
        charset, codec = rng.choice(CHARSETS)
        mark = {"utf-16le": b"\xff\xfe", "utf-16be": b"\xfe\xff"}.get(charset,
                                                                      b"")
        pages.append(Page(name, writable(text, codec),
                          None if mark else charset, codec, mark))
    if has_charsets:
        tell_charsets(pages, rng)
    return pages


def tell_charsets(pages, rng):
    """By a <meta> in front, which is part of the text."""
    for page in pages:
        if not page.charset:
            continue
        meta = rng.choice([
            f'<meta charset="{page.charset}">',
            f"<META content='text/html; Charset={page.charset}' "
            "http-equiv=content-type >",
        ]) + "\n"
        page.text = meta + page.text
        page.body = meta.encode() + page.body


def make_byte_pages(rng, count):
    """For --charset raw: any bytes but NUL near the start."""
    pages = []
    for number in range(count):
        page = Page(f"{number:04}.html", "")
        parts = []
        for _ in range(rng.choice([0, 3, 40, 200])):
            word = rng.choice(WORDS)
            parts.append(rng.choice([
                word.encode(), word.encode("utf-16-le"), b"\xff\xfe",
                word.encode("cp1251", "ignore"), rng.randbytes(5),
                b"\xe2\x84", b"\xc0\xaf"]).replace(b"\0", b"\1"))
        page.body = b" ".join(parts)
        page.text = None
        pages.append(page)
    return pages


# ---- WARC -------------------------------------------------------------------

def chunked(body, rng):
    parts = []
    while body:
        size = rng.randint(1, max(1, min(len(body), 700)))
        parts.append(b"%x\r\n%s\r\n" % (size, body[:size]))
        body = body[size:]
    return b"".join(parts) + b"0\r\n\r\n"


def response(page, rng):
    """An HTTP response: some are chunked, some are packed."""
    body, head = page.body, ["HTTP/1.1 200 OK"]
    kind = "text/html"
    if page.charset and rng.random() < .5:
        kind += f"; charset={page.charset}"
    head.append(f"Content-Type: {kind}")
    coding = rng.choice(["", "", "gzip", "deflate"])
    if coding == "gzip":
        body = gzip.compress(body, 1, mtime=0)
    elif coding == "deflate":
        body = zlib.compress(body, 1)
    if coding:
        head.append(f"Content-Encoding: {coding}")
    if rng.random() < .3:
        head.append("Transfer-Encoding: chunked")
        body = chunked(body, rng)
    else:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def warc_record(kind, uri, content_type, block):
    head = (f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\n"
            "WARC-Date: 2026-11-22T07:30:14Z\r\n"
            f"Content-Type: {content_type}\r\n"
            f"Content-Length: {len(block)}\r\n\r\n")
    return head.encode() + block + b"\r\n\r\n"


def warc_records(pages, rng):
    """A response for each page, with requests and other records between."""
    records = [warc_record("warcinfo", "", "application/warc-fields",
                           b"software: equality\r\n")]
    for page in pages:
        uri = "http://equality.example/" + page.name
        records.append(warc_record("response", uri,
                                   "application/http; msgtype=response",
                                   response(page, rng)))
        if rng.random() < .3:
            records.append(warc_record(
                "request", uri, "application/http; msgtype=request",
                b"GET / HTTP/1.1\r\n\r\n"))
    return records


def write_members(path, records):
    with open(path, "wb") as file:
        for record in records:
            file.write(gzip.compress(record, 1, mtime=0))


def write_whole(path, records):
    with open(path, "wb") as file:
        file.write(gzip.compress(b"".join(records), 1, mtime=0))


def write_plain(path, records):
    with open(path, "wb") as file:
        file.write(b"".join(records))
