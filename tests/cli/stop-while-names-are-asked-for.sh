# shellcheck shell=bash source=tests/cli/lib.sh
# Names that nobody answers for: a signal ends the run at once, and those
# entries are left, not failed.
source "$TESTS/cli/lib.sh"
start_server
start_dns
for i in {1..30}; do
    echo "http://$i.silent.test:$PORT/ok"
done >list
echo "http://a.ok.test:$PORT/ok" >>list
"$FETCHGREP" run --allow-private --progress none list -e x -o out \
    --dns-servers "$DNS" --connect-timeout 50s &
pid=$!
until [[ -s requests.log ]] && (($(questions | wc -l) >= 31)); do
    "$python" -c 'import time; time.sleep(0.01)'
done
SECONDS=0
kill -INT $pid
wait $pid
echo "status $?"
((SECONDS < 10)) && echo soon
