# shellcheck shell=bash source=tests/cli/lib.sh
# 2,000 pages of a server that takes 500 ms each: far less than one after
# another, and none is lost.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..2000}; do echo "$URL/wait?ms=500&size=128&i=$i"; done >list
fg_quiet list -e '<title>' -o out --concurrency 2000 --per-host 2000 \
    --store none
outcomes out outcome matches | sort | uniq -c | sed 's/^ *//'
((SECONDS < 30)) && echo "at once"
