# shellcheck shell=bash source=tests/cli/lib.sh
# The totals of summary.json and of standard error are those of the outcomes.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..7}; do
    printf '%s\n' "$URL/ok?$i" "$URL/status/404?$i" "nonsense $i"
done >list
fg_run list -e '<title>' -o out 2>err
"$python" - <<'END'
import json
summary = json.load(open("out/summary.json"))
print(summary["entries"], summary["outcomes"], summary["failed"],
      summary["matches"])
END
tail -n 1 err >&2
