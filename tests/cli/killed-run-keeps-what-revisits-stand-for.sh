# shellcheck shell=bash source=tests/cli/lib.sh
# With --dedupe-pages, a run that is killed again and again, by either team: no
# revisit ever stands for a record that was lost, so extract finds every page.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..300}; do
    echo "$URL/wait?ms=1&size=$((1000 + i % 7 * 100))&i=$i"
done >list
for team in threads processes; do
    command=("$FETCHGREP" run --allow-private --retries 0 --progress none list
        -e '<title>(.*?)</title>' --per-host 3 --commit-interval 10ms
        --dedupe-pages --isolation "$team" -j 3 -o "$team")
    for requests in 40 50 60; do
        before=$(wc -l <requests.log)
        "${command[@]}" 2>>messages &
        while kill -0 $! 2>/dev/null &&
            (($(wc -l <requests.log) - before < requests)); do :; done
        kill -9 $!
        wait $!
    done 2>/dev/null
    status "${command[@]}" 2>>messages
    "$python" "$TESTS/support/warc_check.py" --targets "$team"/pages/*.gz \
        --index "$team/pages/index.cdxj" >records && echo "targets are there"
    (($(grep -c '"revisit"' records) > 100)) && echo "many revisits"
    "$FETCHGREP" extract "$team" -e '<title>(.*?)</title>' --progress none \
        -o "again-$team"
    matches "again-$team" | cmp - <(matches "$team") && echo "same matches"
    wc -l <"again-$team/outcomes.jsonl"
done
