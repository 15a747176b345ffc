# shellcheck shell=bash source=tests/cli/lib.sh
source "$TESTS/cli/lib.sh"
echo http://127.0.0.1/ >list
try()
{
    fg_run "$@" >out 2>err
    printf '%s\t%s\t%s\n' $? "$(wc -c <out)" "$*"
    grep -q '^fetchgrep: ' err || cat err >&2
}
try list
try list -e x --no-such-option
try list -e x --concurrency 0
try list -e x --concurrency many
try list -e x --max-body 10X
try list -e x --timeout -1s
try list -e x --status 4xx
try list -e x --format xml
try list -e x --store zip -o out.dir
try list -e x --max-failed -1
try list -e x --allow-private=10.0.0.0/33
try list -e x --allow-private=nonsense
try list -e x --header 'no colon'
try list -e x --header-for only.host
try list -e
"$FETCHGREP" 2>err
echo "none: $?"
"$FETCHGREP" frobnicate 2>err
echo "unknown: $?"
"$FETCHGREP" fetch list 2>err
echo "fetch without -o: $?"
ls -A
