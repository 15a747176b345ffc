# shellcheck shell=bash source=tests/cli/lib.sh
# It is said before anything is fetched, and no file of the run takes
# descriptor 1 in its place.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/ok" >list
cp list list.before
fg_run list -e '<title>' >&-
code=$?
echo "status $code"
cmp list list.before
requests
