# shellcheck shell=bash source=tests/cli/lib.sh
# The network is away when the run begins, and comes back. While it is down
# nothing goes out but a probe now and then; nothing that failed meanwhile
# counts, not even without any retries.
source "$TESTS/cli/lib.sh"
use_network
start_server
mkfifo said network.log
exec {connects}<>network.log
touch down
for i in {1..60}; do
    echo "http://127.0.1.$i:$PORT/ok?size=600&i=$i"
done >list
fg_network list -e '<title>' -o out --retries 0 --concurrency 8 \
    --progress plain --outage-probe 100ms 2>said &
pid=$!
exec {said}<said
read -r line <&"$said"
echo "$line"
# 20 hosts, those under way at the same time, and then four probes at least.
"$python" - "$connects" <<'END'
import os, sys
times = []
while len(times) < 20 + 8 + 4:
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(int(sys.argv[1]), 1)
    ms, address, what = line.split()
    assert what == b"lost", line
    times.append(int(ms))
probing = times[-1] - times[-4]
print("probes only" if probing > 200 else f"three in {probing} ms")
END
rm down
cat <&"$said" | normalize
wait $pid
echo "status $?"
outcomes out outcome attempts | sort | uniq -c
"$python" -c 'import json
print(json.load(open("out/summary.json"))["network_down_s"] > 0.3)'
