# shellcheck shell=bash source=tests/cli/lib.sh
# socks5 and socks4 proxies want addresses: those are found and checked here;
# socks5h is given names, and no name server is asked.
source "$TESTS/cli/lib.sh"
start_server
start_dns
cat >socks5.py <<'PYTHON'
import select, socket, sys, threading
def serve(client):
    client.recv(client.recv(2)[1])
    client.sendall(b"\5\0")
    kind = client.recv(4)[3]
    if kind == 1:
        asked = socket.inet_ntoa(client.recv(4))
    else:
        asked = client.recv(client.recv(1)[0]).decode()
    port = int.from_bytes(client.recv(2), "big")
    sys.stderr.write(f"{'address' if kind == 1 else 'name'} {asked}\n")
    target = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"\5\0\0\1" + bytes(6))
    ends = {client: target, target: client}
    while True:
        for end in select.select(list(ends), [], [])[0]:
            data = end.recv(1 << 16)
            if not data:
                client.close()
                return
            ends[end].sendall(data)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    threading.Thread(target=serve, args=[client], daemon=True).start()
PYTHON
exec {proxy_fd}< <(exec "$python" socks5.py 2>proxy.log)
proxy_pid=$!
trap 'kill $proxy_pid; stop_server' EXIT
read -r proxy_port <&"$proxy_fd"
for name in a.ok c.nx d.ip-10-0-0-1; do
    echo "http://$name.test:$PORT/ok"
done >list
for kind in socks5h socks5; do
    echo "-- $kind"
    "$FETCHGREP" run --progress none list -e x -o $kind --retries 0 \
        --allow-private=127.0.0.1 --dns-servers "$DNS" \
        --proxy "$kind://127.0.0.1:$proxy_port"
    outcomes $kind url outcome detail
    questions
done
sort proxy.log
