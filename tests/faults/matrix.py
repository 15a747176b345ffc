#!/usr/bin/python3
"""Every way that a server can go wrong, in one run, among good pages.

Each row below is asked for several times, at one address, while good
pages are fetched from another. Every entry must have one outcome, the one of its
row, within the time that it may take; all good pages must be ok, and not
wait for the bad ones; the archive must be sound.
"""

import argparse
import json
import os
import random
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from urllib.parse import quote

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
WARC_CHECK = os.path.join(HERE, "..", "support", "warc_check.py")
STALL_MS, TIMEOUT_MS, CONNECT_MS = 700, 2000, 1000
SLACK_MS = 1500  # for a machine that does other things as well
#: How long an entry may take, by its outcome; others end by themselves.
MOST_MS = {"stalled": STALL_MS, "timed-out": TIMEOUT_MS}
BAD_HOST, GOOD_HOST = "127.0.0.1", "127.0.0.2"


def raw(head, body=""):
    """A reply word for word, then the connection closes."""
    text = head.replace("\n", "\r\n") + "\r\n\r\n" + body
    return "/raw?close=1&reply=" + quote(text, safe="")


OK = "HTTP/1.1 200 OK\nContent-Type: text/html"

#: path, the outcomes that it may have
ROWS = [
    # Not wrong, only unusual.
    ("/1xx", "ok"),
    ("/1xx-storm?n=200", "ok"),
    ("/bare-lf", "ok"),
    ("/204-body", "ok"),
    ("/no-length?size=3000", "ok"),
    ("/keepalive-close", "ok"),
    ("/chunked?size=3000&chunk=7", "ok"),
    ("/many-headers?n=1000", "ok"),
    ("/huge-header?size=200000", "ok bad-response"),
    ("/redirect/10", "ok"),
    ("/redirect-none", "ok"),
    ("/status/304", "ok"),
    ("/long?claim=500&send=2000", "ok"),
    ("/slow?bytes=20&delay_ms=5", "ok"),
    ("/gzip-plain", "ok"),
    ("/br?junk=1", "ok"),
    (raw(OK + "\nContent-Length: 2\nContent-Length: 2", "ab"), "ok"),
    (raw(OK + "\nX-Folded: a\n b\nContent-Length: 2", "ab"), "ok bad-response"),
    (raw("HTTP/1.1 200\nContent-Length: 2", "ab"), "ok"),
    (raw("HTTP/1.0 200 OK", "ab"), "ok"),
    (raw(OK + "\nTransfer-Encoding: chunked", "2;a=b\r\nab\r\n0\r\nX: y\r\n\r\n"),
     "ok"),
    (raw("HTTP/1.1 302 Found\nLocation: /ok#part\nContent-Length: 0"), "ok"),
    (raw("HTTP/1.1 302 Found\nLocation:\nContent-Length: 0"),
     "ok too-many-redirects"),
    (raw("HTTP/1.1 308 x\nLocation: ../ok\nContent-Length: 0"), "ok"),
    (raw("HTTP/1.1 300 x\nContent-Length: 0"), "ok"),
    # Errors that are told.
    ("/status/400", "http-error"),
    ("/status/503", "http-error"),
    (raw("HTTP/1.1 429 x\nRetry-After: -5\nContent-Length: 0"), "http-error"),
    (raw("HTTP/1.1 503 x\nRetry-After: soon\nContent-Length: 0"), "http-error"),
    (raw("HTTP/1.1 503 x\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT"),
     "http-error"),
    (raw("HTTP/1.1 999 x\nContent-Length: 0"), "http-error"),
    # Redirects that lead nowhere.
    ("/redirect/11", "too-many-redirects"),
    ("/loop", "too-many-redirects"),
    ("/redirect-file", "denied"),
    (raw("HTTP/1.1 302 x\nLocation: http://[::1"), "bad-response"),
    (raw("HTTP/1.1 302 x\nLocation: javascript:1"), "denied"),
    # Bodies that are not what was said.
    ("/cut?claim=1000&send=500", "truncated"),
    ("/chunked-cut", "truncated"),
    ("/reset?after=100", "truncated"),
    ("/chunked-bad", "bad-encoding"),
    (raw(OK + "\nTransfer-Encoding: chunked", "ffffffffffffffffff\r\nab"),
     "bad-encoding truncated"),
    (raw(OK + "\nTransfer-Encoding: chunked", "-5\r\nab"),
     "bad-encoding truncated"),
    ("/gzip-cut", "bad-encoding"),
    ("/gzip-crc", "bad-encoding"),
    ("/br?cut=1", "bad-encoding"),
    ("/zstd?cut=1", "bad-encoding"),
    ("/gzip-bomb?size=2000000", "too-large"),
    ("/zstd-bomb?size=2000000", "too-large"),
    ("/ok?size=200000", "too-large"),
    ("/no-length?size=200000", "too-large"),
    ("/chunked?size=200000&chunk=5000", "too-large"),
    ("/endless", "too-large"),
    # No answer, or none in time.
    ("/never", "stalled"),
    ("/stall?after=100", "stalled"),
    ("/slow?bytes=10000&delay_ms=100", "timed-out"),
    ("/wait?ms=60000", "stalled"),
    # No HTTP.
    ("/close", "bad-response"),
    ("/reset", "bad-response"),
    ("/garbage", "bad-response"),
    ("/http09", "bad-response"),
    ("/huge-header?size=2000000", "bad-response"),
    ("/endless-headers", "bad-response"),
    (raw(OK + "\nContent-Length: 2\nContent-Length: 3", "ab"),
     "bad-response truncated ok"),
    (raw(OK + "\nContent-Length: -2", "ab"), "bad-response ok"),
    (raw(OK + "\nContent-Length: 99999999999999999999", "ab"),
     "bad-response truncated too-large ok"),
    (raw("HTTP/9.9 200 OK\nContent-Length: 2", "ab"), "bad-response"),
    (raw("HTTP/1.1 2x0 OK\nContent-Length: 2", "ab"), "bad-response"),
]

HELLO = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nspeak TLS"

#: What a server of https says to the first bytes of a handshake; None: it
#: says nothing and keeps the connection.
TLS_ROWS = [
    ("alert", b"\x15\x03\x01\x00\x02\x02\x28", "tls-failed"),
    ("plain", HELLO, "tls-failed"),
    ("garbage", bytes(range(256)) * 8, "tls-failed"),
    ("cut", b"\x16\x03\x03\x00\x7a\x02\x00", "tls-failed"),
    ("close", b"", "tls-failed"),
    ("silent", None, "timed-out stalled"),
]


class TlsTrouble(socketserver.ThreadingTCPServer):
    """Listens for each of TLS_ROWS."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, says):
        self.says = says
        super().__init__((BAD_HOST, 0), TlsAnswer)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class TlsAnswer(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(4096)
        if self.server.says is None:
            self.request.recv(1)
        else:
            self.request.sendall(self.server.says)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--entries", type=int, default=5000)
    parser.add_argument("--each", type=int, default=4,
                        help="how often each row is asked for")
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    options.server = os.path.abspath(options.server)
    return options


class Wrong(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Wrong(message)


def bad_lines(port, tls, options):
    """Each with the outcomes that it may have."""
    rows = [(f"http://{BAD_HOST}:{port}{row}", set(wanted.split()))
            for row, wanted in ROWS]
    rows += [(f"https://{BAD_HOST}:{server.server_address[1]}/{name}",
              set(wanted.split()))
             for server, (name, _, wanted) in zip(tls, TLS_ROWS)]
    return rows * options.each


def good_lines(port, count):
    return [(f"http://{GOOD_HOST}:{port}/ok?size=900&n={n}", {"ok"})
            for n in range(count)]


def check_time(line):
    took = line["ms"]["total"]
    most = MOST_MS.get(line["outcome"], 0) + SLACK_MS
    expect(took <= most, f'{line["url"]}: {took} ms, at most {most} are right')


def check(out, wanted):
    with open(out + "/outcomes.jsonl") as lines:
        outcomes = sorted(map(json.loads, lines), key=lambda line: line["id"])
    expect([line["id"] for line in outcomes] == list(range(len(wanted))),
           "not every entry has one outcome")
    wrong = [f'{line["url"]}: {line["outcome"]}: {line.get("detail")}'
             for line, words in zip(outcomes, wanted)
             if line["outcome"] not in words]
    expect(not wrong, f"{len(wrong)} outcomes are wrong:\n" +
           "\n".join(sorted(set(wrong))))
    silent = [line["url"] for line in outcomes
              if line["outcome"] != "ok" and not line.get("detail")]
    expect(not silent, f"without a detail: {silent[:5]}")
    for line in outcomes:
        check_time(line)
    return outcomes


def span_s(outcomes):
    """From the first good page to the last."""
    times = [datetime.fromisoformat(line["fetched_at"].replace("Z", "+00:00"))
             for line in outcomes if f"//{GOOD_HOST}:" in line["url"]]
    return (max(times) - min(times)).total_seconds()


def play(options, name, lines, isolation, folder):
    """Returns the outcomes."""
    out = os.path.join(folder, name)
    listing = out + ".list"
    with open(listing, "w") as file:
        file.writelines(url + "\n" for url, _ in lines)
    done = subprocess.run(
        [options.program, "run", listing, "-e", "<title>", "--allow-private",
         "--retries", "0", "--progress", "none", "-o", out, "--isolation",
         isolation, "--connect-timeout", f"{CONNECT_MS}ms", "--timeout",
         f"{TIMEOUT_MS}ms", "--stall-timeout", f"{STALL_MS}ms", "--max-body",
         "100k", "--per-host", "128", "--host-failures", "0"],
        check=False, stderr=subprocess.PIPE, text=True)
    expect(done.returncode == 0, f"status {done.returncode}: {done.stderr}")
    outcomes = check(out, [wanted for _, wanted in lines])
    subprocess.run(["/usr/bin/python3", WARC_CHECK, "--quiet", "--index",
                    out + "/pages/index.cdxj", out +
                    "/pages/gen0001-00000.warc.gz"], check=True)
    return outcomes


def play_all(options, folder, port, tls):
    bad = bad_lines(port, tls, options)
    good = good_lines(port, options.entries - len(bad))
    mixed = bad + good
    random.Random(1).shuffle(mixed)
    for isolation in ["threads", "processes"]:
        alone_s = span_s(play(options, f"good-{isolation}", good, isolation,
                              folder))
        among_s = span_s(play(options, f"all-{isolation}", mixed, isolation,
                              folder))
        expect(among_s <= 2 * alone_s + SLACK_MS / 1000,
               f"the good pages took {among_s:.1f} s, alone {alone_s:.1f} s")
        print(f"{isolation}: {options.entries} entries, {len(ROWS)} kinds of "
              f"trouble and {len(TLS_ROWS)} of TLS, each as it must be and in "
              f"its time; the good pages in {among_s:.1f} s, alone in "
              f"{alone_s:.1f} s")


def main():
    options = parse_options()
    folder = tempfile.mkdtemp(prefix="fetchgrep-matrix.")
    server = subprocess.Popen(
        [options.server, "--listen", BAD_HOST, "--listen", GOOD_HOST],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    tls = [TlsTrouble(says) for _, says, _ in TLS_ROWS]
    try:
        port = int(server.stdout.readline())
        play_all(options, folder, port, tls)
    except Wrong as wrong:
        print(f"{wrong}\nits files: {folder}", file=sys.stderr)
        return 1
    finally:
        server.stdin.close()
        server.wait()
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
