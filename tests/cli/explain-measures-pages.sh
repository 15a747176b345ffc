# shellcheck shell=bash source=tests/cli/lib.sh
# With pages: counts are those of extract, whatever the workers and the input;
# slowest first; the shares make a whole.
source "$TESTS/cli/lib.sh"
mkdir pages
for i in {1..40}; do
    printf 'page %d <b>rare%d</b> x x x\n' "$i" $((i % 10)) >"pages/$i.html"
done
printf '\0\0\0' >pages/none.bin
{
    printf 'words [a-z]+\n'
    printf 'seven rare7\n'
    printf 'never unheard\n'
    printf 'letter x\n'
    printf 'name@url [0-9]+\\.html$\n'
    printf 'server@headers Server\n'
} >patterns
cat >counts.py <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
scans = [row for row in rows if "scan" in row]
rows = [row for row in rows if "pattern" in row]
times = [row["ms"] for row in rows]
assert times == sorted(times, reverse=True), times
assert max(times) > 0
assert abs(sum(row["share"] for row in rows + scans) - 1) < 0.001, rows
for row in sorted(rows, key=lambda row: row["pattern"]):
    print(*(row[key] for key in ("pattern", "pages_searched", "pages_ran_on",
                                 "pages_matched", "matches", "limits")))
END
counts()
{
    echo "== $*"
    "$FETCHGREP" explain -f patterns --json "$@" >json
    "$python" counts.py json
}
counts pages
counts pages -j 1
counts pages -j 3 --no-prefilter
counts pages --url-pattern '/7\.html'
echo "== what extract finds"
"$FETCHGREP" extract pages -f patterns --fields pattern --format tsv |
    sed 1d | sort | uniq -c
for i in {1..300}; do
    warc_record response "http://a.org/$i.html" \
        "HTTP/1.1 200 OK\r\nServer: s\r\n\r\nrare$i $(printf '%0200d' 0)"
done >pages.warc
counts pages.warc -j 2
counts pages.warc pages/1.html pages/2.html
echo "== for people"
"$FETCHGREP" explain -e 'rare' -e '.*' pages | sed -n '/share/,$p' |
    awk '$NF != "conditions)" { $1 = $2 = ""; print }' | sort
echo "== what goes wrong is said"
printf '%0100d!' 0 >long.html
"$FETCHGREP" explain -e '(*LIMIT_MATCH=100)(0+)+$' long.html >out 2>err
echo "status $?"
awk 'NF > 1 && $NF == "e1" { print "limits", $7 }' out
grep -c 'pattern-limit: pattern "e1": match limit' err
head -c 1000 pages.warc >cut.warc
"$FETCHGREP" explain -e rare cut.warc >out 2>err
echo "status $?"
grep -c 'cut.warc' err
"$FETCHGREP" explain -e rare pages not-there >out 2>err
echo "status $?, $(wc -c <out) bytes"
