# shellcheck shell=bash source=tests/cli/lib.sh
# Refused, hanging, wrong password, refusing to connect: the outcome says the
# proxy, and no host is given up for it; what a proxy tells of a host is the
# host's.
source "$TESTS/cli/lib.sh"
trap stop_proxies EXIT
ask()
{
    echo "-- $1"
    fg_quiet list -e x -o "out$((++asked))" --proxy "$2" --connect-timeout 300ms \
        --per-host 1 --host-failures 2 2>/dev/null
    outcomes "out$asked" id outcome attempts detail |
        sed -E 's/ in connection to .*//; s/port [0-9]+/port N/'
}
printf 'http://site.invalid/%d\n' 1 2 3 4 >list
dead=$(closed_port)
ask refused "http://127.0.0.1:$dead"
ask refused "socks5h://127.0.0.1:$dead"
ask no-name "http://$(no_host):1"
echo 'https://site.invalid/' >list
start_proxy --to "$dead" --hang
ask hanging "http://127.0.0.1:$PROXY_PORT"
ask hanging "socks5h://127.0.0.1:$PROXY_PORT"
start_proxy --to "$dead" --user 'me:right'
for kind in http socks5h; do
    ask password "$kind://me:wrong-one@127.0.0.1:$PROXY_PORT"
done
echo 'http://site.invalid/' >>list
ask password "http://me:wrong-one@127.0.0.1:$PROXY_PORT"
grep -rla wrong-one out*
printf 'https://site.invalid/%d\n' 1 2 3 4 >list
start_proxy --to "$dead" --say 403
ask forbidden "http://127.0.0.1:$PROXY_PORT"
start_proxy --to "$dead" --say 504
ask gateway "http://127.0.0.1:$PROXY_PORT"
start_proxy --to "$dead" --say 5
ask "told refused" "socks5h://127.0.0.1:$PROXY_PORT"
