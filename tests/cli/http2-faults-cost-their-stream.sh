# shellcheck shell=bash source=tests/cli/lib.sh
# Over HTTP/2 a body that is cut, reset, endless or stalls, a type that is not
# wanted and a page that finds no room in --memory cost their own stream: what
# shares the connection arrives whole. A server that says GOAWAY after every
# fifth request loses none.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
# shellcheck source=tests/support/tls.sh
source "$TESTS/support/tls.sh"
start_server
mkdir site
(cd site && tls_authority ca && tls_certificate good ca \
    IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3) || skip "no openssl"
cp site/ca.pem .
cat >site/servers.conf <<END
ssl_certificate site/good.pem;
ssl_certificate_key site/good.key;
log_format way '\$connection';
server {
    listen 127.0.0.1:@PORT@ ssl http2;
    listen 127.0.0.3:@PORT@ ssl http2;
    proxy_http_version 1.1;
    proxy_buffering off;
    location / { proxy_pass $URL; }
    location /picture { default_type image/png; return 200 "no text"; }
}
server {
    listen 127.0.0.2:@PORT@ ssl http2;
    keepalive_requests 5;
    access_log goaway.log way;
    default_type text/plain;
    return 200 "<title>\$request_uri</title>";
}
END
trap 'nginx_stop; stop_server' EXIT
nginx_serve_site site || exit 1
tls=https://127.0.0.1:$NGINX_PORT
{
    cat <<END
$tls/ok?size=1000
$tls/cut?claim=290000&send=200000
$tls/reset?after=3000
$tls/endless
$tls/picture
https://127.0.0.3:$NGINX_PORT/stall?after=2000
https://127.0.0.3:$NGINX_PORT/ok?size=5000
END
    printf "$tls/ok?size=%d\n" {100000..100040}
} >list
fg_quiet list -e '<title>' -o out --cacert ca.pem --http2 --per-host 16 \
    --fetch-threads 1 --max-body 300k --stall-timeout 1s --mime text/html
outcomes out id outcome | head -n 7
outcomes out outcome http bytes | tail -n +8 | cut -f 1,2 | sort | uniq -c
outcomes out detail | sed -n 5p
# Pages of unknown length, for which room is found as they come.
printf "$tls/no-length?size=400000&n=%d\n" {1..30} >wide
fg_run wide -e nothing -o small --cacert ca.pem --http2 --per-host 30 \
    --concurrency 30 --max-body 500k --memory 2M --progress none
outcomes small outcome http bytes | sort | uniq -c
grep -q '"put_back":[1-9]' small/summary.json && echo "some were put back"
printf "https://127.0.0.2:$NGINX_PORT/%d\n" {1..60} >short
fg_quiet short -e '<title>.*?</title>' -o away --cacert ca.pem --http2
outcomes away outcome http | sort | uniq -c
matches away match | sort -u | wc -l
(($(sort -u "$NGINX_DIR/goaway.log" | wc -l) >= 12)) && echo "five a connection"
