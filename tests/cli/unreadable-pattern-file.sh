# shellcheck shell=bash source=tests/cli/lib.sh
# A pattern file that may not be read, that is a folder or that is not there
# is told before anything is fetched or made.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/ok" >list
echo 'meta <meta' >rules
chmod 000 rules
mkdir folder
chmod 777 .
as_user=()
if ((EUID == 0)); then
    as_user=(setpriv --reuid 65534 --clear-groups)
    "${as_user[@]}" test -x "$FETCHGREP" || skip "cannot become another user"
fi
for file in rules folder missing; do
    status "${as_user[@]}" "$FETCHGREP" run list --allow-private -f "$file" -o out
done
status "${as_user[@]}" "$FETCHGREP" extract list -f rules
test ! -e out && echo nothing made
requests
