# shellcheck shell=bash source=tests/cli/lib.sh
# Stopped while the network is down, and while the next request is not due:
# what is held back is left, and nobody waits.
source "$TESTS/cli/lib.sh"
use_network
mkfifo said
touch down network.log
for i in {1..30}; do echo "http://127.0.1.$i:9/"; done >list
"${network[@]}" "$FETCHGREP" run --allow-private list -e x -o out \
    --progress plain --outage-probe 50ms 2>said &
pid=$!
exec {said}<said
read -r line <&"$said"
echo "${line%%;*}"
kill $pid
cat <&"$said" | grep -o '[0-9]* entries done, [0-9]* left'
wait $pid
echo "status $?"
rm down
mkfifo asked
exec {asked}<>asked
start_server --log asked
for i in {1..5}; do echo "$URL/ok?$i"; done >slow
"$FETCHGREP" run --allow-private slow -e x -o slow-out --max-requests 1/h \
    2>err &
pid=$!
read -r line <&"$asked"
kill $pid
wait $pid
echo "status $?"
grep -o '[0-9]* left' err
