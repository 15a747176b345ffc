# shellcheck shell=bash source=tests/cli/lib.sh
# The proxy is asked for the name as it stands, with its user and password, for
# http and (through CONNECT, whose head is not the page's) for https; neither
# password nor the proxy's address is written anywhere.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
# shellcheck source=tests/support/tls.sh
source "$TESTS/support/tls.sh"
mkdir site
(cd site && tls_authority ca && tls_certificate good ca \
    DNS:tls.invalid,IP:127.0.0.1) || skip "no openssl"
cp site/ca.pem .
start_server
cat >site/servers.conf <<END
server {
    listen 127.0.0.1:@PORT@ ssl http2;
    ssl_certificate site/good.pem;
    ssl_certificate_key site/good.key;
    location / { proxy_pass $URL; }
}
END
nginx_serve_site site || exit 1
trap 'stop_proxies; nginx_stop; stop_server' EXIT

ask()
{
    fg_quiet list -e '<title>' -o "$1" --cacert ca.pem --proxy "$2" "${@:3}"
    echo "-- ${2%%:*}"
    outcomes "$1" id outcome status ip
}

echo 'http://site.invalid/ok' >list
start_proxy --to "$PORT" --user 'me:h@rd word' --log proxy.log
for kind in http socks5h; do
    ask "plain-$kind" "$kind://me:h%40rd%20word@127.0.0.1:$PROXY_PORT"
done
printf 'https://tls.invalid:%d/ok?%d\n' "$NGINX_PORT" 1 "$NGINX_PORT" 2 >list
start_proxy --to "$NGINX_PORT" --user 'me:h@rd word' --log proxy.log
for kind in http socks5h; do
    ask "tls-$kind" "$kind://me:h%40rd%20word@127.0.0.1:$PROXY_PORT" \
        --header-for tls.invalid 'Authorization: for the host alone'
done
start_proxy --to "$NGINX_PORT" --log proxy.log
ask tls-socks4a "socks4a://127.0.0.1:$PROXY_PORT"
ask h2 "http://127.0.0.1:$PROXY_PORT" --http2
outcomes h2 http | uniq
# A proxy that is spoken to over TLS, and is nginx here.
echo 'http://site.invalid/ok' >list
ask over-tls "https://127.0.0.1:$NGINX_PORT"
sed "s/$NGINX_PORT/PORT/" proxy.log | sort -u
grep -rlaF -e 'h@rd' -e h%40rd -e bWU6aEByZCB3b3Jk -e Opened -e X-Proxy -- *-*
zcat -- *-*/pages/*.gz | grep -a -e 'h@rd' -e h%40rd -e bWU6aEByZCB3b3Jk \
    -e Opened -e X-Proxy -e WARC-IP -e 'host alone'
true
