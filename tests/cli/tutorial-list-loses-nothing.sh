# shellcheck shell=bash source=tests/cli/lib.sh
# What breaks the tutorial's three scripts: a 404, a dead host and two URLs
# glued by a missing comma, among good pages. All good ones are kept.
source "$TESTS/cli/lib.sh"
start_server
dead=http://127.0.0.1:$(closed_port)
{
    for i in {1..50}; do echo "$URL/ok?$i"; done
    echo "$URL/status/404"
    echo "$dead/"
    echo "$dead/$URL/ok"
    for i in {51..100}; do echo "$URL/ok?$i"; done
} >list
status fg_run list -e '<title>.*?</title>' -o out
outcomes out outcome | sort | uniq -c | sed 's/^ *//'
outcomes out id outcome status | sed -n 51,53p
matches out | wc -l
"$python" - <<'END'
import json
glued = [json.loads(line)["id"] for line in open("out/outcomes.jsonl")
         if "glued" in json.loads(line).get("detail", "")]
print("glued", glued)
END
