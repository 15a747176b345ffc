# shellcheck shell=bash source=tests/cli/lib.sh
# --http2 over TLS: streams of one connection; heads kept with an HTTP/1.1
# status line and lower-case names, no chunk lines, WARC-Protocol: h2. The same
# over plain HTTP stays HTTP/1.1, as does TLS without --http2.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
# shellcheck source=tests/support/tls.sh
source "$TESTS/support/tls.sh"
start_server
mkdir site
(cd site && tls_authority ca && tls_certificate good ca IP:127.0.0.1) ||
    skip "no openssl"
cp site/ca.pem .
cat >site/servers.conf <<END
log_format way '\$server_protocol \$connection';
server {
    listen 127.0.0.1:@PORT@ ssl http2;
    ssl_certificate site/good.pem;
    ssl_certificate_key site/good.key;
    access_log h2.log way;
    location / { proxy_pass $URL; proxy_http_version 1.1; }
}
server {
    listen 127.0.0.2:@PORT@;
    location / { proxy_pass $URL; }
}
END
trap 'nginx_stop; stop_server' EXIT
nginx_serve_site site || exit 1
tls=https://127.0.0.1:$NGINX_PORT
cat >list <<END
$tls/ok
$tls/chunked?size=3000&chunk=100
$tls/gzip?size=4000
$tls/status/404
$tls/redirect/2
http://127.0.0.2:$NGINX_PORT/ok
END
fg_quiet list -e '<title>' -o out --cacert ca.pem --http2 --fetch-threads 1
outcomes out id outcome status http redirects
matches out id match
"$python" "$TESTS/support/warc_check.py" out/pages/*.warc.gz \
    --index out/pages/index.cdxj >records && echo "archive sound"
zcat out/pages/*.warc.gz | grep -a -c -x $'WARC-Protocol: h2\r'
"$FETCHGREP" show out 0 --headers | tr -d '\r' | sed 's/: .*//'
"$FETCHGREP" show out 1 --raw | grep -a -c -i -x -e $'transfer-encoding.*' \
    -e $'[0-9a-f]+\r'
fg_quiet list -e '<title>' -o one --cacert ca.pem
outcomes one id outcome http
cmp <(outcomes one id outcome digest) <(outcomes out id outcome digest) &&
    echo "same pages"
sort "$NGINX_DIR/h2.log" | cut -d ' ' -f 1 | uniq -c
printf "$tls/ok?%d\n" {1..400} >many
fg_quiet many -e '<title>' -o many.out --cacert ca.pem --http2 \
    --fetch-threads 1 --per-host 8
outcomes many.out outcome http | sort | uniq -c
# One that opened the way, and at most the host's other seven.
tail -n 400 "$NGINX_DIR/h2.log" | sort -u | wc -l
