# shellcheck shell=bash source=tests/cli/lib.sh
# A revisit has a head of its own and the body of what it refers to; one that
# says "not modified" has that one's head too.
source "$TESTS/cli/lib.sh"
"$python" - >page.warc <<'END'
import sys
def record(kind, number, block, *more):
    head = ["WARC/1.1", f"WARC-Type: {kind}", "WARC-Target-URI: http://a/",
            f"WARC-Record-ID: <urn:uuid:0000000{number}-0000-0000-0000-"
            "000000000000>", f"WARC-Date: 2026-01-0{number}T00:00:00Z",
            "Content-Type: application/http;msgtype=response",
            f"Content-Length: {len(block)}", *more]
    sys.stdout.write("\r\n".join(head) + "\r\n\r\n" + block + "\r\n\r\n")
sys.stdout = open(1, "w", newline="", closefd=False)
target = "WARC-Refers-To: <urn:uuid:00000001-0000-0000-0000-000000000000>"
record("response", 1, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
       "X-Visit: first\r\n\r\nbody one")
record("revisit", 2, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
       "X-Visit: second\r\n\r\n", target,
       "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/"
       "identical-payload-digest")
record("revisit", 3, "HTTP/1.1 304 Not Modified\r\nX-Visit: third\r\n\r\n",
       target, "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/"
       "server-not-modified")
END
printf 'visit@headers (?m)^X-Visit: .*\nbody body \\w+\n' >patterns
"$FETCHGREP" extract page.warc -f patterns --fields id,pattern,match \
    --order manifest
