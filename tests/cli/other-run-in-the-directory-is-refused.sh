# shellcheck shell=bash source=tests/cli/lib.sh
# Another pattern or another list is another run: refused with the difference,
# nothing is harmed; --restart does it again.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/ok?1" >list
fg_quiet list -e '<title>' -o out
cp -r out before
status fg_quiet list -e '<meta' -o out
echo "$URL/ok?2" >>list
status fg_quiet list -e '<title>' -o out
diff -r before out && requests
status fg_quiet list -e '<title>' -o out --restart
outcomes out
