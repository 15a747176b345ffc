# shellcheck shell=bash source=tests/cli/lib.sh
# Stopped with --order manifest: what was found until then is given out, sorted.
source "$TESTS/cli/lib.sh"
mkfifo asked
exec {asked}<>asked
start_server --log asked
{
    for i in {1..9}; do echo "$URL/text?body=$i"; done
    echo "$URL/never"
} >list
"$FETCHGREP" run --allow-private list -e '\d' --order manifest --per-host 1 \
    --concurrency 1 >out 2>err &
pid=$!
for ((is_there = 0; !is_there; )); do
    read -r line <&"$asked"
    [[ $line == */never* ]] && is_there=1
done
kill -s TERM $pid
wait $pid
echo "status $?"
cut -f 2 out
grep -o 'stopped by TERM.*' err
