# shellcheck shell=bash source=tests/cli/lib.sh
# The demo's list against a real nginx, three times: the second run and the third,
# each --since the one before, fetch no page that has not changed, and extract
# gives the matches of all.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
trap nginx_stop EXIT
nginx_serve_site "$DATA/site" || exit 1
sed "s/@PORT@/$NGINX_PORT/g" "$DATA/manifests/demo.txt.in" >list
patterns=(-f "$DATA/patterns/page-meta.txt" -f "$DATA/patterns/emails.txt")
fg_quiet list "${patterns[@]}" -o one --dedupe-pages
fg_quiet list "${patterns[@]}" -o two --since one
fg_quiet list "${patterns[@]}" -o three --since two
nginx_stop
for run in one two three; do
    outcomes $run outcome | sort | uniq -c
    "$python" "$TESTS/support/warc_check.py" --quiet $run/pages/*.warc.gz \
        --index $run/pages/index.cdxj && echo "archive sound"
done
"$python" "$TESTS/support/warc_check.py" --quiet --targets \
    {one,two,three}/pages/*.warc.gz && echo "targets are there"
"$FETCHGREP" extract three "${patterns[@]}" -o again --progress none
cmp <(sort one/matches.jsonl) <(sort again/matches.jsonl) && echo "same matches"
