# shellcheck shell=bash source=tests/cli/lib.sh
# What is not done when the time is over is counted and goes on with the same
# command; what is done in time knows no deadline.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..40}; do echo "$URL/ok?n=$i"; done >list
echo "$URL/never" >>list
command=(fg_run list -e '<title>' --per-host 64 -o out)
status "${command[@]}" --deadline 700ms
ls out
status "${command[@]}" --deadline 1m --timeout 300ms
outcomes out outcome | sort | uniq -c
fg_quiet list -e '<title>' --per-host 64 --deadline 400ms >lines
echo "stream $?"
status "$FETCHGREP" extract out -e '<title>' --deadline 1m -o kept --progress none
