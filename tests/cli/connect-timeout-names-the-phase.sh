# shellcheck shell=bash source=tests/cli/lib.sh
# A server that accepts and says nothing: no TLS within the connect time-out;
# over plain HTTP the same silence is a stall.
source "$TESTS/cli/lib.sh"
coproc SILENT { exec "$python" -c 'import socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(8)
print(s.getsockname()[1], flush=True)
sys.stdin.read()'; }
read -r PORT <&"${SILENT[0]}"
printf 'http%s://127.0.0.1:%s/\n' s "$PORT" '' "$PORT" >list
status fg_quiet list -e x -o out --connect-timeout 300ms --stall-timeout 600ms \
    --timeout 5s
outcomes out
"$python" - <<'END'
import json
for line in open("out/outcomes.jsonl"):
    outcome = json.loads(line)
    if outcome["outcome"] == "timed-out":
        print("connect" in outcome["detail"])
END
