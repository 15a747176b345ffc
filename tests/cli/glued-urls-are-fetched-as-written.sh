# shellcheck shell=bash source=tests/cli/lib.sh
# An archive's URL holds another one: it is asked for as it stands, and only a
# failure says that two may be glued.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/text?body=x&of=https://example.org/page
$URL/status/404/https://example.org/page
$URL/status/404/http%3A//example.org/page
END
status fg_quiet list -e x -o out
outcomes out id outcome
requests | sort -r
"$python" - <<'END'
import json
for line in sorted(open("out/outcomes.jsonl")):
    print("glued" in json.loads(line).get("detail", ""))
END
