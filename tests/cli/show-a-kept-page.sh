# shellcheck shell=bash source=tests/cli/lib.sh
# A kept page by id, by URL and by offset, from a run directory and from its
# WARC file alone, is the page that was searched.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/text?body=$(percent 'first <meta a>')
$URL/chunked-gzip?size=3000
$URL/redirect/1
$URL/text?body=$(percent 'naïve café')
END
fg_quiet list -e '(?s)^.*$' -o run
text="$URL/text?body=$(percent 'naïve café')"
warc=$(echo run/pages/*.warc.gz)
offset=$("$python" -c 'import json
for line in open("run/outcomes.jsonl"):
    o = json.loads(line)
    if o["id"] == 3:
        print(o["warc_offset"])')

echo "by id: $("$FETCHGREP" show run 0)"
echo "by URL: $("$FETCHGREP" show run "$text")"
echo "by offset: $("$FETCHGREP" show run "@$offset")"
echo "from the file: $("$FETCHGREP" show "$warc" "$text")"
echo "at its offset: $("$FETCHGREP" show "$warc" "@$offset" --text)"
for bytes in 2 3 4 100; do
    echo "$bytes bytes: $("$FETCHGREP" show run 3 --head $bytes)"
done
"$FETCHGREP" show run 3 --headers | sed 's/\r$//' | grep -v '^Date'
"$FETCHGREP" show run 0 --headers --head 12
echo
{
    "$FETCHGREP" show run 0 --headers
    printf 'first <meta a>'
} | cmp - <("$FETCHGREP" show run 0 --raw) && echo "raw is head and body"

# The text of every page is what was searched, to the byte.
for id in 0 1 2 3; do
    "$FETCHGREP" show run $id | cmp - <("$python" -c 'import json, sys
for line in open("run/matches.jsonl", encoding="utf-8"):
    m = json.loads(line)
    if m["id"] == int(sys.argv[1]):
        sys.stdout.write(m["match"])
        break' $id) && echo "page $id as searched"
done

# Without an index, and with one that is out of date, the file is read.
cp "$warc" alone.warc.gz
echo "no index: $("$FETCHGREP" show alone.warc.gz "$text")"
sed -e "s/gen0001-00000/alone/" -e 's/"offset":"[0-9]*"/"offset":"0"/' \
    run/pages/index.cdxj >alone.cdxj
echo "stale index: $("$FETCHGREP" show alone.warc.gz "$text")"
n=0
while "$FETCHGREP" show alone.warc.gz $n >page.$n 2>err; do ((n++)); done
echo "$n pages by number"
cat err
