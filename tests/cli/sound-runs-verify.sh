# shellcheck shell=bash source=tests/cli/lib.sh
# verify finds no fault in what runs leave: each form of matches, each way to
# keep pages, ordered or not, and what the independent reader of archives finds
# sound.
source "$TESTS/cli/lib.sh"
start_server
{
    for i in {1..20}; do
        echo "$URL/ok?size=$((i * 700))&n=$i"
        echo "$URL/chunked-gzip?size=$((i * 90))"
    done
    echo 'no URL at all'
    echo "$URL/redirect/3"
    echo "$URL/status/404"
    echo "$URL/gzip-cut"
    echo "$URL/text?body=%3Ca%20%22b%22%2C%0Ac%3E"
    echo "$URL/text?body=%3Ca%20%22b%22%2C%0Ac%3E"
} >list
check()
{
    echo "$*"
    fg_quiet list -e '<a ([^>]*)>' -e '(?<two>\d\d)' -o out --restart "$@"
    "$FETCHGREP" verify out | sed 's/, [0-9]* bytes//'
    for pages in out/pages/*.warc*; do
        [[ ! -e $pages ]] || "$python" "$TESTS/support/warc_check.py" --quiet --index \
            out/pages/index.cdxj "$pages"
    done
}
check --store gzip --format jsonl
check --store plain --format csv
check --store zstd --format tsv
check --store gzip --format text
check --store none --format csv --order manifest
check --store gzip --format jsonl --order manifest --count
check --store gzip --format csv --count
check --store gzip --format tsv --count --order manifest
check --store gzip --format text --count
check --store gzip --format tsv --fields match,id,two
check --store gzip --format csv --fields pattern,count,id --count
check --store gzip --format jsonl --fields match,url --unique
check --store gzip --dedupe-pages --dedupe --keep 1 --no-header \
    --manifest-format tsv

echo fetch
"$FETCHGREP" fetch --allow-private --retries 0 --progress none list -o kept
"$FETCHGREP" verify kept | sed 's/, [0-9]* bytes//'
echo extract
for format in jsonl csv text; do
    "$FETCHGREP" extract --progress none kept -e '<a ([^>]*)>' -o again \
        --format $format --restart
    "$FETCHGREP" verify again | sed 's/, [0-9]* bytes//'
done
"$FETCHGREP" extract --progress none kept/pages -e '<a ([^>]*)>' \
    -o again --restart
"$FETCHGREP" verify again | sed 's/, [0-9]* bytes//'
