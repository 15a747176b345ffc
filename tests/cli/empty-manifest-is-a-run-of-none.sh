# shellcheck shell=bash source=tests/cli/lib.sh
source "$TESTS/cli/lib.sh"
: >empty
printf '# a comment\n\n   \n' >blank
for list in empty blank; do
    status fg_quiet "$list" -e x -o "out-$list"
    wc -c <"out-$list/outcomes.jsonl"
    wc -c <"out-$list/matches.jsonl"
    "$python" -c 'import json, sys
print("entries", json.load(open(sys.argv[1]))["entries"])' \
        "out-$list/summary.json"
done
status fg_run empty -e x
