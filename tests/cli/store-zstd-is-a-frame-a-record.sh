# shellcheck shell=bash source=tests/cli/lib.sh
# --store zstd: what the run found is found again in its directory and in its
# files alone; the zstd program reads them, and they are smaller.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..30}; do
    echo "$URL/ok?size=$((i * 997))&i=$i"
    echo "$URL/chunked?size=3000&chunk=77&i=$i"
    echo "$URL/gzip?size=9000&i=$i"
done >list
for store in zstd plain; do
    fg_quiet list -e '<a href="([^"]*)">' -o "$store" --store "$store"
    echo "$store $?"
done
ls zstd/pages
zstd -tq zstd/pages/*.warc.zst && echo sound
zstd -dcq zstd/pages/*.warc.zst | grep -ac '^WARC-Type: response'
"$python" "$TESTS/support/warc_check.py" --quiet --index zstd/pages/index.cdxj \
    zstd/pages/*.warc.zst && echo "index sound"
(($(stat -c %s zstd/pages/*.zst) * 3 < $(stat -c %s plain/pages/*.warc))) ||
    echo "not small"
"$FETCHGREP" extract zstd -e '<a href="([^"]*)">' --progress none -o again
for keys in 'id url outcome matches' 'id text_bytes'; do
    # shellcheck disable=SC2086
    cmp <(outcomes zstd $keys) <(outcomes again $keys)
done
cmp <(matches zstd) <(matches again) && echo "directory equal"
"$FETCHGREP" extract zstd/pages/*.zst -e '<a href="([^"]*)">' \
    --progress none -o alone --check-digests
cmp <(matches zstd url offset match | sort) \
    <(matches alone url offset match | sort) && echo "files equal"
wc -l <alone/outcomes.jsonl
