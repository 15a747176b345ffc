# shellcheck shell=bash source=tests/cli/lib.sh
# --dedupe-pages: of identical payloads one is kept, the others are revisits of
# it; whatever they are packed in, and though they came in other chunks. Both
# teams find them, extract gives the same matches, and an independent reader finds
# all targets. What only looks the same is kept.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..40}; do
    echo "$URL/ok?size=$((i % 4 * 1000 + 1000))&i=$i"
    echo "$URL/chunked?size=$((i % 4 * 1000 + 1000))&chunk=$((i + 7))&i=$i"
    echo "$URL/gzip?size=3000&$i"
    echo "$URL/status/404?$i"
    echo "$URL/redirect-to?url=%2Fok%3Fsize=5000"
    echo "$URL/cut?claim=2000&send=1000&i=$i"
    echo "$URL/text?body=short&$i"
done >list
# The same bytes, but they say of themselves that they are something else.
bytes=$(printf 'a%.0s' {1..300})
printf '%s\n' "$URL/text?body=$bytes&type=text/plain" \
    "$URL/text?body=$bytes&type=text/html" \
    "$URL/text?body=$bytes&coding=nonsense" \
    "$URL/text?body=$bytes" >>list
# A URL too long to be remembered, then the same page again.
long=$(printf 'b%.0s' {1..300})
printf '%s\n' "$URL/ok?size=7000&$long" "$URL/ok?size=7000&c" \
    "$URL/ok?size=7000&d" >>list
patterns=(-e '<title>(.*?)</title>' -e 'a{300}')
check=("$python" "$TESTS/support/warc_check.py")
fg_quiet list "${patterns[@]}" -o plain -j 1 --per-host 1
# One loop and one worker never have two pages at the same time.
single="-j 1 --fetch-threads 1"
for how in "$single" "$single --store zstd" "-j 3 --isolation processes" \
    "-j 3 --store plain"; do
    echo "--- $how"
    # shellcheck disable=SC2086
    fg_quiet list "${patterns[@]}" -o once --dedupe-pages --per-host 1 $how
    "${check[@]}" --targets --index once/pages/index.cdxj \
        once/pages/*.warc* >records && echo sound
    [[ $how == *3* ]] || sed -E 's/.*"type": "(\w+)".*"status": (\w+)}/\1 \2/' \
        records | grep -v null | sort | uniq -c
    grep -q '"revisit"' records && echo "revisits"
    "$FETCHGREP" extract once "${patterns[@]}" -o again --progress none -j 2
    matches again id url pattern offset match | cmp - <(
        matches plain id url pattern offset match) && echo "same matches"
    diff <(outcomes plain id outcome status matches | grep -v invalid) \
        <(outcomes again id outcome status matches) && echo "same outcomes"
    plain=$(cat plain/pages/*.warc.gz | wc -c)
    [[ $how != "$single" ]] ||
        (($(cat once/pages/*.warc.gz | wc -c) < plain * 8 / 10)) || echo larger
    rm -r once again
done
