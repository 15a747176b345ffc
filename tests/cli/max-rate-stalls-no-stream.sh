# shellcheck shell=bash source=tests/cli/lib.sh
# Many streams of one HTTP/2 connection share the rate, and none of them waits
# for another until it is called stalled.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
# shellcheck source=tests/support/tls.sh
source "$TESTS/support/tls.sh"
mkdir site
(cd site && tls_authority ca && tls_certificate good ca IP:127.0.0.1) ||
    skip "no openssl"
cp site/ca.pem .
head -c 150000 /dev/urandom >site/page
cat >site/servers.conf <<END
server {
    listen 127.0.0.1:@PORT@ ssl http2;
    ssl_certificate site/good.pem;
    ssl_certificate_key site/good.key;
    location / { root site; }
}
END
trap nginx_stop EXIT
nginx_serve_site site || exit 1
for i in {1..20}; do echo "https://127.0.0.1:$NGINX_PORT/page?$i"; done >list
begin=$(date +%s%N)
"$FETCHGREP" fetch list --allow-private --retries 0 --progress none -o out \
    --cacert ca.pem --http2 --per-host 20 --fetch-threads 1 --store none \
    --max-rate 2000000 --stall-timeout 500ms --timeout 1s
end=$(date +%s%N)
outcomes out outcome | sort | uniq -c
(((end - begin) / 1000000 >= 1400)) || echo "$(((end - begin) / 1000000)) ms"
