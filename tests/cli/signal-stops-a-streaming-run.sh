# shellcheck shell=bash source=tests/cli/lib.sh
# In the middle of a run, after 20 matches have been read: status 130 for
# SIGINT, 75 for the others; what is left is counted on standard error. The
# pages that never come are asked for before the last ones that do: then the
# whole list has been read, and the count is no estimate.
source "$TESTS/cli/lib.sh"
start_server
{
    echo "$URL/ok?1"
    for i in {1..30}; do echo "$URL/never?$i"; done
    for i in {2..20}; do echo "$URL/ok?$i"; done
} >list
for signal in INT TERM HUP USR1; do
    mkfifo "stream-$signal"
    "$FETCHGREP" run --allow-private list -e '<title>' --per-host 64 \
        >"stream-$signal" 2>"err-$signal" &
    pid=$!
    exec {stream}<"stream-$signal"
    for i in {1..20}; do read -r line <&"$stream"; done
    kill -s "$signal" $pid
    wait $pid
    echo "$signal $?"
    cat <&"$stream"
    exec {stream}<&-
    grep -c '\b30\b' "err-$signal"
    echo "$line" | cut -f 2
done
