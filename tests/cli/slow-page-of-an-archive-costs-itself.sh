# shellcheck shell=bash source=tests/cli/lib.sh
# In the midst of an archive, cut into parts or whole, a page that takes too
# long costs its worker process: another reads on behind what had been handed
# over, every other page has its matches, once, and ids are as they were.
source "$TESTS/cli/lib.sh"
"$python" - <<'END'
import gzip
def record(i, body):
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    return (b"WARC/1.0\r\nWARC-Type: response\r\n"
            b"WARC-Target-URI: http://a.example/%d\r\n"
            b"Content-Type: application/http; msgtype=response\r\n"
            b"Content-Length: %d\r\n\r\n" % (i, len(http))) + http + b"\r\n\r\n"
with open("all.warc.gz", "wb") as out, open("plain.warc", "wb") as plain:
    for i in range(200):
        body = b"<b>%d</b>\n" % i + b"so it goes on and on\n" * 50
        if i == 120:
            body = b"<a>" * 40000
        plain.write(record(i, body))
        out.write(gzip.compress(record(i, body), 1))
END
# A match that is sought to the end of the page from each of its tags.
pattern='<(\w+)[^>]*>(?s:.*?)</\1>'
try()
{
    "$FETCHGREP" extract "${@:2}" -e "$pattern" --isolation processes -j 2 \
        --page-time 1m --worker-time 400ms --progress none -o "$1"
    echo "status $?"
    outcomes "$1" id url outcome matches detail | grep -v "	ok	"
    matches "$1" id url match | "$python" -c '
import sys
rows = [line.rstrip("\n").split("\t") for line in sys.stdin]
numbers = [url.rsplit("/", 1)[1] for _, url, _ in rows]
assert [match for *_, match in rows] == [f"<b>{n}</b>" for n in numbers]
print(len(rows), len({row[0] for row in rows}), rows[-1])'
}
try whole all.warc.gz
try parts all.warc.gz --part-size 4k
try plain plain.warc --part-size 64k
