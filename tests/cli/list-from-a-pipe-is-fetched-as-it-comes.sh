# shellcheck shell=bash source=tests/cli/lib.sh
# A match is out before the list has ended.
source "$TESTS/cli/lib.sh"
start_server
mkfifo list matches
"$FETCHGREP" run --allow-private - -e '<title>' <list >matches &
pid=$!
exec {list}>list {matches}<matches
for i in 1 2 3; do
    echo "$URL/ok?$i" >&"$list"
    read -r -t 20 line <&"$matches" && echo "$line" | normalize
done
exec {list}>&-
wait $pid
echo "status $?"
