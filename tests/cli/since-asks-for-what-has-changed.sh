# shellcheck shell=bash source=tests/cli/lib.sh
# --since: what an earlier run has kept is asked about, by ETag and by date, with
# the fields that its server gave, also behind a redirect. What has not changed is
# a revisit of the record that has the page, over a chain of runs too; what has
# is fetched. extract finds the pages that have not changed in the earlier runs.
source "$TESTS/cli/lib.sh"
start_server
date=Mon,%2023%20Nov%202026%2007:30:14%20GMT
cat >list <<END
$URL/etag?etag=a
$URL/etag?etag=b#top
$URL/etag?last=$date
$URL/etag?etag=both&last=$date
$URL/etag?etag=changes&changes=1
$URL/etag?etag=bare&last=$date&bare=1
$URL/etag?etag=vary&last=$date&vary=Accept-Encoding,%20Cookie
$URL/etag?etag=gzip&last=$date&vary=accept-encoding
$URL/etag?last=$date&vary=Cookie
$URL/etag?etag=any&vary=*
$URL/etag?etag=error&status=404
$URL/redirect-to?url=%2Fetag%3Fetag=hop
$URL/status/304
$URL/ok
http://me:secret@127.0.0.1:$PORT/etag?etag=me
END
# with RUN OPTION...
with()
{
    local run=$1
    shift
    fg_quiet list -e 'version (\d+) of \S+' -o "$run" "$@"
    echo "--- $run"
    outcomes "$run" id outcome status matches redirects
}
with one
with two --since one
with three --since two --isolation processes
# What each URL of the last run was asked with.
echo "--- asked"
zcat three/pages/*.gz | tr -d '\r' | grep -a -E '^(GET|If-)' |
    awk '/^GET/ { printf "\n%s", $2; next } { printf "  %s", $0 }' | sort
check=("$python" "$TESTS/support/warc_check.py" --quiet)
for run in one two three; do
    "${check[@]}" --index $run/pages/index.cdxj $run/pages/*.gz || echo unsound
done
"${check[@]}" --targets {one,two,three}/pages/*.gz && echo "targets are there"
echo "--- extract"
"$FETCHGREP" extract one -e 'version (\d+) of \S+' -o ex-one --progress none
"$FETCHGREP" extract three -e 'version (\d+) of \S+' -o ex-three --progress none
diff <(matches ex-one id match) <(matches ex-three id match)
outcomes ex-three id outcome status matches
"$FETCHGREP" show three 0 | head -c 19
echo
# Without the runs before it is said.
mv one elsewhere
"$FETCHGREP" extract three -e 'version (\d+)' -o alone --progress none
outcomes alone id outcome status detail | sed -n '1,2p'
