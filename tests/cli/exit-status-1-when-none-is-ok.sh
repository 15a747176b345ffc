# shellcheck shell=bash source=tests/cli/lib.sh
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/status/404" >bad
echo "$URL/ok" | cat bad - >mixed
echo "mailto:a@b" >denied
echo "nonsense" >invalid
for list in bad mixed denied invalid; do
    fg_quiet "$list" -e x -o "out-$list"
    echo "$list $?"
done
