# shellcheck shell=bash source=tests/cli/lib.sh
# The name's time is part of the connection's and of the whole: told as such,
# and ended by --connect-timeout.
source "$TESTS/cli/lib.sh"
start_server
start_dns
cat >list <<URLS
http://a.slow-300.ok.test:$PORT/ok
http://b.slow-900.ok.test:$PORT/ok
URLS
fg_quiet list -e x -o out --dns-servers "$DNS" --connect-timeout 600ms
outcomes out url outcome
"$python" - <<'PYTHON'
import json
for line in open("out/outcomes.jsonl"):
    ms = json.loads(line)["ms"]
    if ms["connect"]:
        print(290 <= ms["dns"] <= ms["connect"] <= ms["total"] < 600)
    else:
        print(590 <= ms["dns"] == ms["total"] < 890)
PYTHON
