# shellcheck shell=bash source=tests/cli/lib.sh
# verify and status of a run that is going on, killed, gone on with, and over:
# from its files alone, without its lock, and without writing anything.
source "$TESTS/cli/lib.sh"
mkfifo asked
exec {asked}<>asked
start_server --log asked
{
    for i in {1..20}; do echo "$URL/text?body=$i"; done
    echo "$URL/status/404"
    echo "$URL/never"
    for i in {1..7}; do echo "$URL/text?body=$i"; done
} >list
begin()
{
    "$FETCHGREP" run --allow-private --retries 0 list -e '\d' --per-host 1 \
        --concurrency 1 -o run --commit-interval 10ms --progress none &
    pid=$!
}
# member FILTER: of the status as JSON.
member()
{
    "$FETCHGREP" status --json run | "$python" -c "import json, sys
status = json.load(sys.stdin)
print($1)"
}
say()
{
    "$FETCHGREP" status run | normalize |
        sed -E -e 's/pid [0-9]+ on [^)]*/pid PID on HOST/' \
            -e 's/, [0-9.N]+ [kM]?B\/s/, N B\/s/' -e 's/about .* at that/about T at that/' \
            -e 's/[0-9]+ s ago/T ago/'
}
begin
for ((is_there = 0; !is_there; )); do
    read -r line <&"$asked"
    [[ $line == */never* ]] && is_there=1
done
while [[ $(member 'status["entries"]') != 21 ]]; do :; done
say
member '(status["state"], status["pid"] == '$pid', status["left"],
    status["expected_is_exact"], status["outcomes"],
    list(status["examples"]), status["commit_age_s"] >= 0)'
"$FETCHGREP" verify run | sed 's/[0-9]* bytes/N bytes/'
# Nobody was in the way: the run can still be found owned, and not be begun.
"$FETCHGREP" run --allow-private list -e '\d' -o run 2>&1 | grep -o 'being written'

{
    kill -9 $pid
    wait $pid
} 2>/dev/null
cp -r run copy
say
member '(status["state"], "pid" in status)'
chmod -R a-w run
"$FETCHGREP" verify run | sed 's/[0-9]* bytes/N bytes/'
"$FETCHGREP" status run >/dev/null && diff -r copy run && echo untouched
chmod -R u+w run

sed -i 's/never/ok?size=5/' list
status "$FETCHGREP" run --allow-private --retries 0 list -e '\d' -o run \
    --progress none 2>&1 | cut -c 1-60
sed -i 's/ok?size=5/never/' list
begin
while [[ $(member 'status["lives"]') != 2 ]]; do :; done
kill -s TERM $pid
wait $pid
echo "status $?"
member '(status["state"], status["entries"], status["left"])'
