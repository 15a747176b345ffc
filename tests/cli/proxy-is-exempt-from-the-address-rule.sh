# shellcheck shell=bash source=tests/cli/lib.sh
# The proxy's own address may be private; literal addresses behind it are
# checked; names cannot be, and a warning says so.
source "$TESTS/cli/lib.sh"
start_server
printf '%s\n' 'http://some.host.invalid/text?body=x' http://10.0.0.1/ \
    "http://[::1]/ok" >list
status "$FETCHGREP" run --progress none list -e x -o out --proxy "$URL"
outcomes out
cut -d ' ' -f 2- requests.log
