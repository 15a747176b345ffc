# shellcheck shell=bash source=tests/cli/lib.sh
# 500 transfers at once of 1 MB in an arena of 4 MB: some with a length that is
# known, some without.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..150}; do
    echo "$URL/ok?size=1000000&i=$i"
    echo "$URL/no-length?size=1000000&i=$i"
done >list
status fg_quiet list -e '<title>' -o out --memory 4M --concurrency 500 \
    --per-host 500 --store none
outcomes out outcome bytes matches | sort | uniq -c | sed 's/^ *//'
