# shellcheck shell=bash source=tests/cli/lib.sh
source "$TESTS/cli/lib.sh"
start_server
printf '%s\n' "$URL/ok" "$URL/status/404" "$URL/status/500" \
    "$URL/redirect-none" >list
for which in 2xx any; do
    fg_quiet list -e '<title>' -o "out-$which" --status "$which"
    outcomes "out-$which" id outcome matches
    matches "out-$which" id
done
