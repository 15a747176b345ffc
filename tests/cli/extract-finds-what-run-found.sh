# shellcheck shell=bash source=tests/cli/lib.sh
# A run's directory searched again gives the same matches, byte for byte, with
# ids and URLs; its WARC files alone and the plain pages have the same per page.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/ok?size=3000
# a comment
$URL/redirect/2
$URL/chunked?size=5000&chunk=77
$URL/status/404
$URL/gzip?size=9000
nonsense
$URL/chunked-gzip?size=2000
$URL/deflate?size=4000
$URL/text?body=$(percent 'é<a href="tail">')
$URL/cut?claim=2000&send=1500
END
patterns=(-e '<a href="([^"]*)">' -e '(?i)<TITLE>(?<title>.*?)<')
by_id()
{
    # shellcheck disable=SC2317
    "$python" -c 'import json, sys
lines = [line for line in sys.stdin]
lines.sort(key=lambda l: [json.loads(l)[k] for k in ("id", "pattern", "offset")])
print("".join(lines), end="")'
}
per_page()
{
    "$python" "$TESTS/cli/fields.py" "$1/matches.jsonl" url pattern offset \
        match groups | sort
}
fg_quiet list "${patterns[@]}" -o run
echo "run $? $(wc -l <run/matches.jsonl)"

"$FETCHGREP" extract run "${patterns[@]}" --progress none -o again
echo "extract $?"
outcomes again id outcome status detail?
by_id <run/matches.jsonl >run.sorted
by_id <again/matches.jsonl | cmp run.sorted - && echo "directory equal"

"$FETCHGREP" extract run/pages/*.warc.gz "${patterns[@]}" --progress none \
    -o warc 2>err
per_page run | grep -v redirect >run.pages
per_page warc | grep -v '/ok	' | cmp run.pages - && echo "WARC equal"

fg_quiet list "${patterns[@]}" -o plain --store plain
"$FETCHGREP" extract plain/pages/*.warc "${patterns[@]}" --progress none \
    -o warc-plain 2>err
per_page warc-plain | cmp <(per_page warc) - && echo "plain WARC equal"

"$FETCHGREP" extract run "${patterns[@]}" -j 1 2>err | sort >stdout.1
"$FETCHGREP" extract run "${patterns[@]}" -j 4 2>err | sort | cmp stdout.1 - &&
    [[ $(wc -l <stdout.1) == $(wc -l <run/matches.jsonl) ]] &&
    echo "stream equal"
