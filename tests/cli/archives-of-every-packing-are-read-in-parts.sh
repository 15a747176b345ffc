# shellcheck shell=bash source=tests/cli/lib.sh
# One archive read in small parts by several workers is what it is read as a
# whole, revisits and damage included, however it is packed: zstd frames with a
# dictionary too, and ARC.
source "$TESTS/cli/lib.sh"
mkdir records
"$python" - <<'END'
import gzip, os, random, struct, subprocess
random.seed(20261122)
head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
warc, arc = [], [b"filedesc://x.arc 0.0.0.0 20080430204825 text/plain 3\n1 0\n"]
for i in range(150):
    body = head + b"".join(b"<p>%d %d</p>\n" % (i, random.randrange(10 ** 6))
                           for _ in range(random.randrange(200)))
    fields = b"WARC-Record-ID: <urn:%d>\r\n" % i
    kind, block = b"response", body
    if i % 10 == 9:
        kind, block = b"revisit", head
        fields = b"WARC-Refers-To: <urn:%d>\r\n" % (i * 7 % 150)
    warc.append(b"WARC/1.0\r\nWARC-Type: %s\r\nWARC-Target-URI: http://%d.org/"
                b"\r\n%sContent-Length: %d\r\n\r\n%s\r\n\r\n"
                % (kind, i, fields, len(block), block))
    arc.append(b"http://%d.org/ 192.0.2.1 20080430204826 text/html %d\n%s\n"
               % (i, len(body), body))
warc.insert(100, b"junk\r\nWARC/ is no record\r\n\r\n")
arc.insert(100, b"http://junk/ is no record\n")
def write(name, parts, pack=lambda part: part, start=b""):
    with open(name, "wb") as out:
        out.write(start)
        out.writelines(pack(part) for part in parts)
write("plain.warc", warc)
write("members.warc.gz", warc, gzip.compress)
write("plain.arc", arc)
write("members.arc.gz", arc, gzip.compress)
for i, part in enumerate(warc):
    with open(f"records/{i:03}", "wb") as out:
        out.write(part)
END
zstd -q --train records/* --maxdict=16384 -o dictionary 2>train.err
pack_zstd()
{
    zstd -q --rm -D dictionary records/*
    "$python" -c 'import struct, sys
content = open("dictionary", "rb").read()
sys.stdout.buffer.write(struct.pack("<II", 0x184D2A5D, len(content)) + content)'
    cat records/*.zst
}
pack_zstd >frames.warc.zst
for file in plain.warc members.warc.gz frames.warc.zst plain.arc \
    members.arc.gz; do
    for how in "-j 1 --part-size 1G" "-j 4 --part-size 4k"; do
        # shellcheck disable=SC2086
        "$FETCHGREP" extract "$file" -e '<p>\d+ \d*7<' $how --progress none \
            --restart -o out 2>err
        said=$?
        {
            outcomes out id url outcome matches detail?
            matches out id url offset match
            sort err
            echo "status $said"
        } >now
        [[ $how == *1G ]] && mv now serial && continue
        cmp serial now && echo "$file $how: equal"
    done
    outcomes out outcome detail? | sort | uniq -c
    sed -E 's/offset [0-9]+/offset N/' err
done
