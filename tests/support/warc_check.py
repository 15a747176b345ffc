#!/usr/bin/python3
"""Checks WARC files, independently of the program that wrote them.

    warc_check.py [--index FILE] [--targets] [--quiet] FILE.warc[.gz|.zst] ...

Reads every file from its first byte to its last and prints one JSON line for
each record: file, offset, length (as stored), type, uri, status. The first
fault ends it: a message on standard error, exit status 1. Wrong usage or a file
that cannot be read: 2.

It is strict. A .warc.gz is a row of gzip members with nothing between or behind
them, each holding exactly one record (its CRC and length are zlib's to check);
a .warc.zst is the same of zstd frames, which tell their length and have a
checksum (the zstd program checks it); a plain .warc is a row of records. A record is a version line, named fields, an
empty line, a block of Content-Length bytes, and CRLF CRLF, with CRLF at the end
of each line; required fields are there, once; record ids are unique, and
WARC-Concurrent-To names a record of the same file. Blocks of application/http
begin with a whole HTTP head. Block and payload digests must agree: SHA-1 in
base32, the payload being what remains when the chunked coding is taken off.
(Wget leaves it on, so its records of chunked responses are faults here.)

A revisit record has one of the two profiles of ISO 28500 and the fields that
belong to it; its payload digest is that of another record. --targets demands that
this record is in the files given: its id, address, time and payload digest are
those that the revisit names, and it is a response.

--index FILE also checks a CDXJ index of all files given: its lines are sorted
by their bytes, each names a response or revisit record by file, offset and length
with the right address, time, status, media type (warc/revisit) and digest, and
every such record has exactly one line.

Only Python's standard library is used, the zstd program for its format, and no
code is shared with the program.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import zlib

READ_SIZE = 1 << 20
REQUIRED = ("warc-type", "warc-record-id", "warc-date", "content-length")
WITH_TARGET = ("response", "request", "resource", "revisit", "conversion",
               "continuation")
TYPES = WITH_TARGET + ("warcinfo", "metadata")
MAY_REPEAT = ("warc-concurrent-to",)
ANSWERS = ("response", "revisit")
PROFILES = "http://netpreserve.org/warc/1.1/revisit/"


class Fault(Exception):
    """What is wrong with a file."""


def demand(condition, message):
    if not condition:
        raise Fault(message)


# ---- from bytes to records ---------------------------------------------------


def gzip_members(file):
    """Yields (offset, stored length, content) of each gzip member."""
    offset, data = 0, file.read(READ_SIZE)
    while data:
        inflater = zlib.decompressobj(wbits=31)
        content, stored = [], 0
        while not inflater.eof:
            demand(data, f"the gzip member at {offset} is cut off")
            try:
                content.append(inflater.decompress(data))
            except zlib.error as error:
                raise Fault(f"the gzip member at {offset}: {error}") from None
            stored += len(data) - len(inflater.unused_data)
            data = inflater.unused_data or file.read(READ_SIZE)
        yield offset, stored, b"".join(content)
        offset += stored


def zstd_frame(data, at):
    """Returns (the frame's length, its content's) at this place (RFC 8878)."""
    demand(data[at:at + 4] == b"\x28\xb5\x2f\xfd",
           f"no zstd frame at {at}")
    flags = data[at + 4]
    is_single, fcs = flags >> 5 & 1, flags >> 6
    demand(flags & 4, f"the zstd frame at {at} has no checksum")
    demand(flags & 3 == 0, f"the zstd frame at {at} needs a dictionary")
    demand(is_single or fcs, f"the zstd frame at {at} does not tell its length")
    place = at + 5 + (0 if is_single else 1)
    width = (1, 2, 4, 8)[fcs]
    content = int.from_bytes(data[place:place + width], "little")
    content += 256 if width == 2 else 0
    place += width
    is_last = False
    while not is_last:
        head = int.from_bytes(data[place:place + 3], "little")
        is_last, kind, size = head & 1, head >> 1 & 3, head >> 3
        place += 3 + (1 if kind == 1 else size)
    return place + 4 - at, content


def zstd_frames(file):
    """Yields (offset, stored length, content) of each zstd frame."""
    data = file.read()
    plain = subprocess.run(["zstd", "-dcq"], input=data, capture_output=True,
                           check=False)
    demand(plain.returncode == 0, f"zstd: {plain.stderr.decode().strip()}")
    offset, start = 0, 0
    while offset < len(data):
        length, size = zstd_frame(data, offset)
        demand(offset + length <= len(data),
               f"the zstd frame at {offset} is cut off")
        yield offset, length, plain.stdout[start:start + size]
        offset += length
        start += size
    demand(start == len(plain.stdout), "zstd frames tell other lengths")


def plain_records(file):
    """Yields (offset, stored length, content) of each uncompressed record."""
    offset, data = 0, b""

    def need(size):
        nonlocal data
        while len(data) < size:
            more = file.read(max(READ_SIZE, size - len(data)))
            demand(more, f"the record at {offset} is cut off")
            data += more

    while True:
        data = data or file.read(READ_SIZE)
        if not data:
            return
        while b"\r\n\r\n" not in data:
            demand(len(data) < READ_SIZE, f"no record header at {offset}")
            need(len(data) + 1)
        head_size = data.index(b"\r\n\r\n") + 4
        length = re.search(rb"\r\ncontent-length:\s*(\d+)\r\n",
                           data[:head_size], re.I)
        demand(length, f"no Content-Length at {offset}")
        size = head_size + int(length.group(1)) + 4
        need(size)
        yield offset, size, data[:size]
        offset, data = offset + size, data[size:]


def stored_records(file):
    magic = file.read(2)
    file.seek(0)
    if magic == b"\x28\xb5":
        return zstd_frames(file)
    return gzip_members(file) if magic == b"\x1f\x8b" else plain_records(file)


# ---- one record --------------------------------------------------------------


def parse_fields(head):
    """Names in lower case to lists of values."""
    fields = {}
    for line in head.split(b"\r\n"):
        demand(b"\n" not in line and b"\r" not in line,
               "a header line does not end in CRLF")
        match = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*",
                             line, re.S)
        demand(match, f"no header field: {line!r}")
        try:
            value = match.group(2).decode("utf-8")
        except UnicodeDecodeError:
            raise Fault(f"a header field is not UTF-8: {line!r}") from None
        fields.setdefault(match.group(1).decode().lower(), []).append(value)
    return fields


def split_record(content):
    """The fields and the block; demands that nothing else is there."""
    head, empty_line, rest = content.partition(b"\r\n\r\n")
    demand(empty_line, "the header does not end")
    version, line_end, head = head.partition(b"\r\n")
    demand(re.fullmatch(rb"WARC/1\.[01]", version) and line_end,
           f"no WARC version line: {version[:40]!r}")
    fields = parse_fields(head)
    for name in REQUIRED:
        demand(name in fields, f"no field {name}")
    for name, values in fields.items():
        demand(len(values) == 1 or name in MAY_REPEAT,
               f"field {name} is there {len(values)} times")
    length = fields["content-length"][0]
    demand(re.fullmatch(r"[0-9]+", length), f"Content-Length: {length!r}")
    size = int(length)
    demand(len(rest) >= size + 4,
           f"Content-Length is {size}, but {len(rest)} bytes follow")
    demand(rest[size:size + 4] == b"\r\n\r\n",
           f"no CRLF CRLF behind the block: {rest[size:size + 4]!r}")
    demand(len(rest) == size + 4,
           f"{len(rest) - size - 4} more bytes in the same place: "
           f"{rest[size + 4:size + 24]!r}")
    return fields, rest[:size]


def sha1_text(data):
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


SIZE_LINE = re.compile(rb"([0-9A-Fa-f]+)(?:[ \t;\r][^\n]*)?\n")
SIZE_LINE_CUT = re.compile(rb"(?:[0-9A-Fa-f]+(?:[ \t;\r][^\n]*)?)?")
CHUNK_SIZE_MAX = 1 << 59


def dechunk(body):
    """The data, and whether the coding was well-formed. A body that ends early
    is well-formed as far as it goes."""
    data, at = [], 0
    while True:
        line = SIZE_LINE.match(body, at)
        if not line:
            is_cut = SIZE_LINE_CUT.fullmatch(body, at)
            return b"".join(data), is_cut is not None
        size, at = int(line.group(1), 16), line.end()
        if size == 0 or size > CHUNK_SIZE_MAX:
            return b"".join(data), size == 0
        data.append(body[at:at + size])
        at += size
        if body[at:] in (b"", b"\r"):
            return b"".join(data), True
        at += body[at:at + 1] == b"\r"
        if body[at:at + 1] != b"\n":
            return b"".join(data), False
        at += 1


def split_http(block, start_line):
    """Start line, fields and body of an HTTP message. What servers
    send is kept as it came: only the start line is demanded."""
    end = re.search(rb"\r?\n\r?\n", block)
    demand(end, "the HTTP head does not end")
    lines = re.split(rb"\r?\n", block[:end.start()])
    match = re.fullmatch(start_line, lines[0], re.S)
    demand(match, f"no HTTP start line: {lines[0][:60]!r}")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        fields.setdefault(name.strip().lower(), []).append(value.strip())
    return match, fields, block[end.end():]


def possible_payloads(fields, body):
    """What the payload digest may be made of. Where the chunked coding is
    malformed there is no right answer: as it came, or as far as it went."""
    codings = b",".join(fields.get(b"transfer-encoding", [])).lower()
    if not codings.endswith(b"chunked"):
        return [body]
    data, is_well_formed = dechunk(body)
    return [data] if is_well_formed else [data, body]


class Record:
    """A record that has passed all checks which need no other record."""

    def __init__(self, path, offset, length, content):
        self.path, self.offset, self.length = path, offset, length
        fields, block = split_record(content)
        self.fields = {name: values[0] for name, values in fields.items()}
        self.concurrent_to = fields.get("warc-concurrent-to", [])
        self.type = self.fields["warc-type"]
        self.uri = self.fields.get("warc-target-uri")
        self.status = self.mime = None
        self.check_fields()
        payloads = self.check_http(block)
        self.check_digests(block, payloads)
        if self.type == "revisit":
            self.check_revisit(block)
        else:
            demand("warc-profile" not in self.fields,
                   f"WARC-Profile of a {self.type}")

    def check_fields(self):
        demand(self.type in TYPES, f"WARC-Type: {self.type!r}")
        demand((self.uri is not None) or self.type not in WITH_TARGET,
               "no field warc-target-uri")
        if self.uri:
            # WARC 1.0's grammar has brackets here; some programs write them.
            self.uri = re.sub(r"^<(.*)>$", r"\1", self.uri)
        demand(re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z",
            self.fields["warc-date"]),
            f"WARC-Date: {self.fields['warc-date']!r}")
        ids = [self.fields["warc-record-id"]] + self.concurrent_to
        if "warc-refers-to" in self.fields:
            ids.append(self.fields["warc-refers-to"])
        for value in ids:
            demand(re.fullmatch(r"<urn:uuid:[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}"
                                r"-[0-9A-Fa-f]{12}>", value),
                   f"a record id is no UUID: {value!r}")
        demand(self.fields.get("warc-truncated", "length") in
               ("length", "time", "disconnect", "unspecified"),
               f"WARC-Truncated: {self.fields.get('warc-truncated')!r}")

    def check_http(self, block):
        """Looks into blocks of HTTP; returns what the payload may be."""
        content_type = self.fields.get("content-type", "").replace(" ", "")
        if self.type not in ("response", "request", "revisit") or \
                not content_type.startswith("application/http"):
            return [block]
        message = "request" if self.type == "request" else "response"
        demand(content_type == f"application/http;msgtype={message}",
               f"Content-Type: {content_type!r} of a {self.type}")
        if self.type == "request":
            start = rb"[A-Z]+ \S+ HTTP/1\.[01]"
        else:
            start = rb"HTTP/1\.[01] +(\d{3})(?: .*)?"
        match, fields, body = split_http(block, start)
        if self.type in ANSWERS:
            self.status = int(match.group(1))
            content_type = fields.get(b"content-type", [b""])[0]
            self.mime = content_type.partition(b";")[0].strip().lower().decode(
                "latin-1")
        return possible_payloads(fields, body)

    def check_digests(self, block, payloads):
        self.check_digest("warc-block-digest", [block])
        if self.type != "revisit":
            self.check_digest("warc-payload-digest", payloads)
        if self.type in ANSWERS:
            demand("warc-payload-digest" in self.fields,
                   "no field warc-payload-digest")
        if self.type in ("response", "request", "revisit"):
            demand("warc-block-digest" in self.fields,
                   "no field warc-block-digest")

    def check_revisit(self, block):
        """ISO 28500:2017, 6.7."""
        profile = self.fields.get("warc-profile", "")
        is_identical = profile == PROFILES + "identical-payload-digest"
        demand(is_identical or profile == PROFILES + "server-not-modified",
               f"WARC-Profile: {profile!r}")
        for name in ("warc-refers-to", "warc-refers-to-target-uri",
                     "warc-refers-to-date"):
            demand(name in self.fields, f"no field {name}")
        demand((self.fields.get("warc-truncated") == "length") == is_identical,
               f"WARC-Truncated: {self.fields.get('warc-truncated')!r} of a "
               f"{profile}")
        demand(is_identical or self.status == 304,
               f"status {self.status} says that nothing was modified")
        demand(re.search(rb"\r?\n\r?\n\Z", block), "a payload in a revisit")
        self.mime = "warc/revisit"

    def check_target(self, by_id):
        target = by_id.get(self.fields["warc-refers-to"])
        demand(target, f"{self.fields['warc-refers-to']} is in no file")
        demand(target.type == "response", f"its target is a {target.type}")
        for name, of_target in (
                ("warc-refers-to-target-uri", "warc-target-uri"),
                ("warc-refers-to-date", "warc-date"),
                ("warc-payload-digest", "warc-payload-digest")):
            demand(self.fields[name] == target.fields[of_target],
                   f"{name} is {self.fields[name]}, its target's "
                   f"{of_target} {target.fields[of_target]}")

    def check_digest(self, name, candidates):
        given = self.fields.get(name)
        right = [sha1_text(data) for data in candidates]
        demand(given is None or given in right,
               f"{name} is {given}, but the bytes have {' or '.join(right)}")

    def as_json(self):
        return json.dumps({
            "file": self.path, "offset": self.offset, "length": self.length,
            "type": self.type, "uri": self.uri, "status": self.status})


# ---- one file ----------------------------------------------------------------


def check_file(path):
    """Yields the records of a file, and checks how they hang together."""
    ids, wanted = set(), []
    offset = None
    with open(path, "rb") as file:
        try:
            for offset, length, content in stored_records(file):
                record = Record(path, offset, length, content)
                record_id = record.fields["warc-record-id"]
                demand(record_id not in ids, f"{record_id} is there twice")
                demand(ids or record.type == "warcinfo",
                       f"the first record is a {record.type}, no warcinfo")
                ids.add(record_id)
                wanted += [(offset, other) for other in record.concurrent_to]
                yield record
                offset = None
            for offset, other in wanted:
                demand(other in ids, f"WARC-Concurrent-To {other} is not here")
            demand(ids, "no record at all")
        except Fault as fault:
            place = path if offset is None else f"{path}: record at {offset}"
            raise Fault(f"{place}: {fault}") from None


# ---- the index ---------------------------------------------------------------


def check_index_line(line, by_place):
    """Checks one line; returns the place it names."""
    match = re.fullmatch(rb"(\S+\)/\S*) (\d{14}|\d{17}) (\{.*\})", line)
    demand(match, "not `SURT TIMESTAMP {...}`")
    try:
        entry = json.loads(match.group(3).decode("utf-8"))
    except ValueError as error:
        raise Fault(f"its JSON: {error}") from None
    for name, value in entry.items():
        demand(isinstance(value, str), f"{name} is no string")
    for name in ("url", "status", "digest", "length", "offset", "filename"):
        demand(name in entry, f"no {name}")
    place = (entry["filename"], entry["offset"])
    demand(place in by_place, f"no record at {place[0]}, offset {place[1]}")
    record = by_place[place]
    date = re.sub(r"\D", "", record.fields["warc-date"])
    demand(record.type in ANSWERS, f"its record is a {record.type}")
    for name, there, right in (
            ("length", entry["length"], str(record.length)),
            ("url", entry["url"], record.uri),
            ("digest", entry["digest"], record.fields["warc-payload-digest"]),
            ("status", entry["status"], str(record.status)),
            ("mime", entry.get("mime", ""), record.mime),
            ("the time", match.group(2).decode(), date[:len(match.group(2))])):
        demand(there == right, f"{name} is {there!r}, the record has {right!r}")
    return place


def check_index(path, records):
    by_place = {(os.path.basename(record.path), str(record.offset)): record
                for record in records if record.type in ANSWERS}
    for record in records:
        name = record.fields.get("warc-filename")
        demand(name in (None, os.path.basename(record.path)),
               f"{record.path}: WARC-Filename is {name}")
    with open(path, "rb") as file:
        data = file.read()
    demand(data.endswith(b"\n") or not data, f"{path}: ends within a line")
    lines = data.split(b"\n")[:-1]
    seen = set()
    for number, line in enumerate(lines, 1):
        try:
            demand(number == 1 or lines[number - 2] <= line, "out of order")
            place = check_index_line(line, by_place)
            demand(place not in seen, "its record has another line")
        except Fault as fault:
            raise Fault(f"{path}:{number}: {fault}") from None
        seen.add(place)
    for place in by_place:
        demand(place in seen, f"{path}: no line for {place[0]}, "
                              f"offset {place[1]}")


def check_targets(records):
    by_id = {record.fields["warc-record-id"]: record for record in records}
    for record in records:
        if record.type != "revisit":
            continue
        try:
            record.check_target(by_id)
        except Fault as fault:
            raise Fault(f"{record.path}: record at {record.offset}: "
                        f"{fault}") from None


def main():
    parser = argparse.ArgumentParser(
        description="Checks WARC files and their index.")
    parser.add_argument("--index", metavar="FILE", help="a CDXJ index of them")
    parser.add_argument("--targets", action="store_true",
                        help="what revisits stand for is in the files")
    parser.add_argument("--quiet", action="store_true", help="print no records")
    parser.add_argument("files", nargs="+", metavar="WARC")
    options = parser.parse_args()
    records = []
    try:
        for path in options.files:
            for record in check_file(path):
                if not options.quiet:
                    print(record.as_json())
                if options.index or options.targets:
                    records.append(record)
        if options.index:
            check_index(options.index, records)
        if options.targets:
            check_targets(records)
    except Fault as fault:
        sys.exit(f"warc_check.py: {fault}")
    except OSError as error:
        print(f"warc_check.py: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
