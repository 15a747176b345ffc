# shellcheck shell=bash source=tests/cli/lib.sh
# From one answer to the next request; one request at a time.
source "$TESTS/cli/lib.sh"
start_server
printf '%s\n' "$URL/ok?page=1" "$URL/ok?page=2" "$URL/ok?page=3" >list
fg_quiet list -e '<title>' --host-delay 200ms -o out
outcomes out id outcome
last=-200
while read -r ms _; do
    ((ms - last >= 200)) && echo waited
    last=$ms
done <requests.log
