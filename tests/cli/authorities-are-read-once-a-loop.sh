# shellcheck shell=bash source=tests/cli/lib.sh
# A hundred handshakes with a hundred hosts: the file of --cacert is opened once
# to see that it can be used, and once by each event loop. A host that closes
# each connection behind its answer is spoken to again with the session of
# before, and loses no entry by it.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
# shellcheck source=tests/support/tls.sh
source "$TESTS/support/tls.sh"
mkdir site
(cd site && tls_authority ca && tls_certificate good ca \
    "$(printf 'IP:127.0.1.%d,' {1..100})IP:127.0.0.1") || skip "no openssl"
cp site/ca.pem .
{
    cat <<'END'
log_format reused '$ssl_session_reused';
ssl_session_cache shared:all:1m;
ssl_certificate site/good.pem;
ssl_certificate_key site/good.key;
server {
    listen 127.0.0.1:@PORT@ ssl;
    keepalive_timeout 0;
    access_log reused.log reused;
    return 200 "closed";
}
server {
    access_log asked.log reused;
    return 200 "<title>asked</title>";
END
    printf '    listen 127.0.1.%d:@PORT@ ssl;\n' {1..100}
    echo "}"
} >site/servers.conf
trap nginx_stop EXIT
nginx_serve_site site || exit 1
printf "https://127.0.1.%d:$NGINX_PORT/\n" {1..100} >list
opens=$("$python" "$TESTS/cli/count_opens.py" ca.pem \
    "$FETCHGREP" fetch list -o out --allow-private --cacert ca.pem \
    --fetch-threads 2 --progress none)
echo "status $?"
outcomes out outcome | sort | uniq -c
wc -l <"$NGINX_DIR/asked.log"
((opens >= 2 && opens <= 3)) || echo "opened $opens times"
printf "https://127.0.0.1:$NGINX_PORT/%d\n" {1..20} >list
fg_quiet list -e closed -o again --cacert ca.pem --per-host 1 --fetch-threads 1
matches again match | sort | uniq -c
sort "$NGINX_DIR/reused.log" | uniq -c
