# shellcheck shell=bash source=tests/cli/lib.sh
# A run that is killed again and again is gone on with by the same command, and
# its results are those of a run that nobody touched: each entry one outcome,
# each match once, sound archives.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..400}; do
    echo "$URL/wait?ms=2&size=$((200 + i))"
done >list
echo 'no URL at all' >>list
command=("$FETCHGREP" run --allow-private --retries 0 --progress none list
    -e '<title>(.*?)</title>' --per-host 2 --commit-interval 10ms)
"${command[@]}" -o whole

# Killed once so many requests have been answered since the last time.
for requests in 60 50 1 40; do
    before=$(wc -l <requests.log)
    "${command[@]}" -o cut 2>>messages &
    while kill -0 $! 2>/dev/null &&
        (($(wc -l <requests.log) - before < requests)); do :; done
    kill -9 $!
    wait $!
done 2>/dev/null
status "${command[@]}" -o cut
status "${command[@]}" -o cut
for run in whole cut; do
    outcomes "$run" id url outcome status bytes digest matches detail >"$run.outcomes"
    matches "$run" >"$run.matches"
done
cmp whole.outcomes cut.outcomes && cmp whole.matches cut.matches && echo equal
wc -l <cut/outcomes.jsonl
"$python" "$TESTS/support/warc_check.py" cut/pages/*.warc.gz |
    grep -c '"response"'
"$FETCHGREP" extract cut --progress none -e '<title>(.*?)</title>' -o again
matches again | cmp - cut.matches && echo "archives equal"
grep -c 'going on' messages
printf '%s\n' cut/gen-* | wc -l
