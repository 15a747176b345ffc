# shellcheck shell=bash source=tests/cli/lib.sh
# What an outcome says of a page that came, redirected once.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/redirect/1" >list
fg_quiet list -e '<p>' -o out
normalize <out/outcomes.jsonl
"$python" - <<'END'
import json
outcome = json.load(open("out/outcomes.jsonl"))
assert set(outcome["ms"]) == {"dns", "connect", "tls", "first_byte", "total"}
assert all(value >= 0 for value in outcome["ms"].values()), outcome["ms"]
END
