# shellcheck shell=bash source=tests/cli/lib.sh
# Pages that wget kept, compressed and not, give what our own run gives.
source "$TESTS/cli/lib.sh"
command -v wget >/dev/null || skip "no wget"
start_server
cat >list <<END
$URL/ok?size=3000
$URL/chunked?size=5000&chunk=77
$URL/gzip?size=9000
$URL/deflate?size=4000
$URL/no-length?size=2000
$URL/status/404
$URL/text?body=$(percent 'é<a href="tail">')
END
for i in {1..40}; do echo "$URL/ok?size=${i}000&i=$i"; done >>list
wget -q -i list --warc-file=packed -O /dev/null
wget -q -i list --warc-file=bare --no-warc-compression -O /dev/null
patterns=(-e '<a href="([^"]*)">' -e '<title>')
fg_quiet list "${patterns[@]}" -o run
"$FETCHGREP" extract packed.warc.gz "${patterns[@]}" --progress none -o packed
echo "status $?"
"$FETCHGREP" extract bare.warc "${patterns[@]}" --progress none -o bare
echo "status $?"
per_page()
{
    "$python" "$TESTS/cli/fields.py" "$1/matches.jsonl" url pattern offset \
        match groups | sort
}
(($(per_page run | wc -l) > 1000)) && echo "many"
per_page run | cmp - <(per_page packed) && echo "packed equal"
per_page run | cmp - <(per_page bare) && echo "bare equal"
