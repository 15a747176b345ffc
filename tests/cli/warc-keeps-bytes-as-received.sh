# shellcheck shell=bash source=tests/cli/lib.sh
# Chunk lines, trailers and coded bytes stand in the record as they came; a cut
# page says so; the hops of an entry stand together, in their order.
source "$TESTS/cli/lib.sh"
start_server
for path in '/chunked-gzip?size=900' /redirect/1 '/ok?size=5000'; do
    echo "$URL$path" >list
    rm -rf out
    fg_quiet list -e '<title>' -o out --max-body 2000 --store plain
    cat out/pages/gen0001-00000.warc
done >all.warc
"$python" - "$PORT" <<'END'
import socket
import sys
from urllib.parse import urlsplit

server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
server.sendall(b"GET /chunked-gzip?size=900 HTTP/1.1\r\nHost: x\r\n\r\n")
received = b""
while not received.endswith(b"X-Trailer: seen\r\n\r\n"):
    received += server.recv(65536)
data = open("all.warc", "rb").read()
print("as received", received in data)
while data:
    head, _, rest = data.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1)
                  for line in head.decode().split("\r\n")[1:])
    size = int(fields["Content-Length"])
    assert rest[size:size + 4] == b"\r\n\r\n"
    if fields["WARC-Type"] != "warcinfo":
        print(fields["WARC-Type"], fields.get("WARC-Truncated", "whole"),
              fields["WARC-IP-Address"],
              urlsplit(fields["WARC-Target-URI"]).path,
              rest.split(b"\r\n")[0].decode().split("?")[0], sep=", ")
    data = rest[size + 4:]
END
