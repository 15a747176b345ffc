# shellcheck shell=bash source=tests/cli/lib.sh
# --dedupe: a URL that was in the list before is not asked for again, however it
# is written; its outcome names the first one, which is that of the list's order,
# also when the run was interrupted in between.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/ok?1
HTTP://127.0.0.1:$PORT/ok?1#part
  $URL/ok?1
$URL/ok?2
$URL/OK?1
no URL
no URL
$URL/a/../ok?2
$URL/status/404
$URL/status/404
http://me@127.0.0.1:$PORT/ok?1
http://LocalHost:80/x
http://localhost/x
END
echo "$URL/ok?1" >second-list
fg_quiet list second-list --dedupe -e '<title>' -o out --hosts-file /dev/null --dns-servers 127.0.0.1:1
outcomes out id url outcome duplicate_of detail matches
requests | sort
"$python" -c 'import json; print(json.load(open("out/summary.json"))["outcomes"])'
echo "--- streamed"
fg_quiet list --dedupe -e '<title>.*' --hosts-file /dev/null --dns-servers 127.0.0.1:1 2>&1 | normalize | sort
echo "--- interrupted"
for i in {1..300} {1..300}; do
    echo "$URL/wait?ms=2&i=$i"
done >long
command=("$FETCHGREP" run --allow-private --retries 0 --progress none long
    -e x --per-host 2 --commit-interval 10ms --dedupe)
"${command[@]}" -o whole
for requests in 60 50; do
    before=$(wc -l <requests.log)
    "${command[@]}" -o cut 2>>messages &
    while kill -0 $! 2>/dev/null &&
        (($(wc -l <requests.log) - before < requests)); do :; done
    kill -9 $!
    wait $!
done 2>/dev/null
status "${command[@]}" -o cut
for run in whole cut; do
    outcomes "$run" id url outcome status duplicate_of >"$run.outcomes"
done
cmp whole.outcomes cut.outcomes && echo equal
cut -f 3 whole.outcomes | sort | uniq -c
