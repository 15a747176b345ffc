# shellcheck shell=bash source=tests/cli/lib.sh
# Commas, quotes and line ends of every kind: Python's csv module reads from
# CSV what JSON Lines say, on standard output and from a directory, also where
# ids of pages were known only at the end.
source "$TESTS/cli/lib.sh"
start_server
n=0
for text in 'plain' 'a,b' 'say "hi"' '"' '""' ',' $'two\nlines' $'cr\rlf\r\nend\r' \
    $'tab\tand\\' ' blanks ' $'\n' $'\xc3\xa9,\xc3\xbf'; do
    echo "$URL/text?n=$((n++))&body=$(percent "[$text]")"
done >list
cat >patterns <<'END'
all (?s)\[(?<in>.*)\]
empty x*?
second (,)|(")
END
cat >check.py <<'END'
import csv, json, sys
table, lines = sys.argv[1:3]
raw = open(table, "rb").read()
rows = list(csv.reader(open(table, encoding="utf-8", newline=""), strict=True))
assert raw.startswith(b"id,url,pattern,offset,match,groups\r\n"), raw[:60]
assert raw.endswith(b"\r\n") and raw.count(b"id,url,") == 1
names, *rows = rows
found = [dict(zip(names, row, strict=True)) for row in rows]
for row in found:
    row.update(id=int(row["id"]), offset=int(row["offset"]),
               groups=json.loads(row["groups"]))
def order(row):
    return row["id"], row["pattern"], row["offset"]
expected = [json.loads(line) for line in open(lines, encoding="utf-8")]
assert sorted(found, key=order) == sorted(expected, key=order)
print(len(expected), "matches are the same")
END
fg_quiet list -f patterns -o lines --segment-size 4k
fg_quiet list -f patterns -o table --format csv
"$python" check.py table/matches.csv lines/matches.jsonl
fg_quiet list -f patterns --format csv >stream.csv
"$python" check.py stream.csv lines/matches.jsonl
find lines/pages -name '*.warc.gz' | sort >warcs
(($(wc -l <warcs) > 1)) && echo "several archives"
for i in 1 2 3; do
    xargs "$FETCHGREP" extract -j 8 -f patterns -o "again-$i" --format csv \
        --progress none <warcs
    xargs "$FETCHGREP" extract -j 8 -f patterns -o "lines-$i" --progress none \
        <warcs
    "$python" check.py "again-$i/matches.csv" "lines-$i/matches.jsonl"
done
xargs "$FETCHGREP" extract -j 8 -f patterns --format csv <warcs >stream.csv
"$python" check.py stream.csv lines-1/matches.jsonl
