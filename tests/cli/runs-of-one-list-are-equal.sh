# shellcheck shell=bash source=tests/cli/lib.sh
# However it is cut into threads, processes, loops and transfers, and wherever it
# writes: outcomes without times and places, and matches, are the same.
source "$TESTS/cli/lib.sh"
start_server
{
    for i in {1..120}; do
        echo "$URL/ok?size=${i}00&i=$i"
        echo "$URL/redirect/2?$i"
        ((i % 5)) || printf '%s\n' "$URL/status/404?$i" "bad $i" \
            "$URL/cut?claim=900&send=700&i=$i" "$URL/gzip-cut?$i"
    done
} >list
canonical()
{
    "$python" - "$1" <<'END'
import json, sys
def rows(name, keys):
    rows = [json.loads(line) for line in open(f"{sys.argv[1]}/{name}")]
    for row in rows:
        for key in ("fetched_at", "ms", "ip", "attempts", "warc",
                    "warc_offset"):
            row.pop(key, None)
    return sorted(rows, key=lambda row: [row[key] for key in keys])
print(json.dumps(rows("outcomes.jsonl", ["id"])))
print(json.dumps(rows("matches.jsonl", ["id", "pattern", "offset"])))
END
}
try()
{
    fg_quiet list -e '<a [^>]*>' -e '\d+' -o "$1" "${@:2}"
    canonical "$1" >"$1.canonical"
    cmp one.canonical "$1.canonical"
}
try one -j 1 --concurrency 1 --fetch-threads 1
try two -j 4 --concurrency 64 --per-host 64
try three -j 2 --concurrency 100 --per-host 50 --fetch-threads 4 --store plain
try four --fetch-threads 32 --concurrency 32 --per-host 32 --memory 1M \
    --max-body 64k
try processes -j 3 --isolation processes
try processes-again -j 1 --isolation processes --memory 1M --max-body 64k \
    --fetch-threads 4 --store plain
wc -l <one/outcomes.jsonl
fg_quiet - -e '<a [^>]*>' -e '\d+' -o five <list
fg_quiet - -e '<a [^>]*>' -e '\d+' -o six <list
canonical five >five.canonical
canonical six >six.canonical
cmp five.canonical six.canonical >&2 && echo equal
