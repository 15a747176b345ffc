# shellcheck shell=bash source=tests/cli/lib.sh
# By id, pattern's place and offset, whatever came first: on standard output and
# in a directory, in each format, fetched and read from many archives.
source "$TESTS/cli/lib.sh"
start_server
for i in {0..29}; do
    echo "$URL/wait?ms=$(((29 - i) * 7))&size=3000&i=$i"
done >list
patterns=(-e 'z' -e '<a[^>]*>' -e '<\w+')
cat >order.py <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
keys = [(row["id"], row.get("pattern"), row.get("offset")) for row in rows]
assert keys == sorted(keys), "not in order"
print(len(set(row["id"] for row in rows)), "pages in order")
END
fg_quiet list "${patterns[@]}" -o any --segment-size 8k
fg_quiet list "${patterns[@]}" -o ordered --order manifest
"$python" order.py ordered/matches.jsonl
"$python" order.py ordered/outcomes.jsonl
"$python" order.py any/outcomes.jsonl 2>&1 | tail -n 1
cmp <(sort any/matches.jsonl) <(sort ordered/matches.jsonl) && echo "the same"
for format in jsonl csv tsv text; do
    fg_quiet list "${patterns[@]}" --order manifest --format $format >stream
    "$FETCHGREP" extract ordered "${patterns[@]}" --order manifest -j 4 \
        --format $format | cmp - stream && echo "$format: the same stream"
    "$FETCHGREP" extract ordered "${patterns[@]}" --order manifest -j 4 \
        --format $format -o "again-$format" --progress none
    cmp "again-$format"/matches.* stream && echo "$format: the same file"
done
cmp again-jsonl/matches.jsonl ordered/matches.jsonl && echo "as fetched"
for i in 1 2 3; do
    "$FETCHGREP" extract any/pages/*.warc.gz "${patterns[@]}" -j 8 --order manifest \
        -o "warcs-$i" --progress none
    "$FETCHGREP" extract any/pages/*.warc.gz "${patterns[@]}" -j 8 --order manifest \
        --format jsonl >"warcs-$i.jsonl"
    "$python" order.py "warcs-$i/outcomes.jsonl"
    cmp "warcs-$i/matches.jsonl" "warcs-$i.jsonl"
    cmp "warcs-$i/matches.jsonl" warcs-1.jsonl
done
"$FETCHGREP" fetch --allow-private list -o fetched --order manifest --progress none
"$python" order.py fetched/outcomes.jsonl
TMPDIR=$PWD/nowhere status "$FETCHGREP" extract any "${patterns[@]}" \
    --order manifest
