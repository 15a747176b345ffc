# shellcheck shell=bash source=tests/cli/lib.sh
# Random bytes of a sound directory are changed, files cut and filled with
# zeros: verify says so, and never crashes. What no result rests on (times and
# rates of the summary, names in run.json) may be changed.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..12}; do echo "$URL/chunked-gzip?size=$((i * 300))"; done >list
echo "$URL/redirect/2" >>list
for how in '--format jsonl --store gzip' '--format csv --store plain' \
    '--format tsv --store zstd --order manifest'; do
    # shellcheck disable=SC2086
    fg_quiet list -e '<a ([^>]*)>' -o run --restart --commit-interval 10ms $how
    "$python" "$TESTS/cli/damage.py" "$FETCHGREP" run 60
done
