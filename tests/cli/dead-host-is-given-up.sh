# shellcheck shell=bash source=tests/cli/lib.sh
# Its entries end with its failure; nobody waits for it to the end of the list.
source "$TESTS/cli/lib.sh"
start_server
for i in 1 2 3 4 5 6; do
    echo "http://127.0.0.1:1/$i"
    echo "$URL/ok?page=$i"
done >list
fg_quiet list -e '<title>' --host-failures 2 -o out
outcomes out id outcome attempts detail?
sed -n 's/.*"detail":"\([^"]*\)".*/\1/p' out/outcomes.jsonl | sort | uniq -c
"$FETCHGREP" run list -e x --host-failures -1 2>&1
echo "status $?"
