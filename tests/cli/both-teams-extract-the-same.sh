# shellcheck shell=bash source=tests/cli/lib.sh
# A run directory, WARC files, damaged ones too, and page files: threads and
# processes write the same lines, but for their order, say the same and end with
# the same status.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..150}; do
    echo "$URL/ok?size=${i}00&i=$i"
    echo "$URL/redirect/1?$i"
    echo "$URL/chunked-gzip?size=${i}0"
    ((i % 6)) || printf '%s\n' "$URL/status/404?$i" "bad $i" "$URL/gzip-cut?$i"
done >list
fg_quiet list -e x -o run
mkdir pages
for i in {1..200}; do
    printf '<a %d>\xff</a>\n%.0s' "$i" {1..40} >"pages/$i.html"
done
cat run/pages/*.warc.gz run/pages/*.warc.gz | head -c 90000 >cut.warc.gz
# extract_by TEAM NAME ARGUMENT...: into NAME.TEAM, sorted.
extract_by()
{
    local team=$1 out=$2.$1
    shift 2
    "$FETCHGREP" extract "$@" -e '<a ([^>]*)>' -e '\d+' --isolation "$team" \
        --progress none -o "$out" 2>"$out.err"
    echo "status $?" >>"$out.err"
    sort -o "$out.outcomes" "$out/outcomes.jsonl"
    sort -o "$out.matches" "$out/matches.jsonl"
}
compare()
{
    extract_by threads "$@"
    extract_by processes "$@"
    for what in err outcomes matches; do
        cmp "$1.threads.$what" "$1.processes.$what" || return
    done
    echo "$1 equal, $(wc -l <"$1.threads.matches") matches"
}
compare directory run -j 3
compare archive run/pages/*.warc.gz run/pages/*.warc.gz -j 2
compare damaged cut.warc.gz run/pages/*.warc.gz -j 3 | sed 's/,.*//'
compare files pages -j 3
compare one-worker pages run run/pages/*.warc.gz -j 1
sed 's/[0-9]\+/N/g' damaged.threads.err
"$FETCHGREP" extract run/pages/*.warc.gz pages -e '\d+' --format jsonl \
    --isolation processes -j 3 2>stream.err | sort >stream
"$FETCHGREP" extract run/pages/*.warc.gz pages -e '\d+' --format jsonl \
    2>threads.err | sort | cmp - stream && echo "stream equal"
cmp <(sort threads.err) <(sort stream.err) && echo "messages equal"
