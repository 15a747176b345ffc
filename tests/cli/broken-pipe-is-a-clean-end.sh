# shellcheck shell=bash source=tests/cli/lib.sh
# The reader goes away in the middle of 3,000 matches: status 0, nothing said.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..30}; do echo "$URL/ok?size=64000&i=$i"; done >list
fg_run list -e '<a href="[^"]*">' | head -n 1 | wc -l
echo "status ${PIPESTATUS[0]}"
