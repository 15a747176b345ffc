# shellcheck shell=bash source=tests/cli/lib.sh
# --cert and --key open a server that asks for them; files that cannot be used
# are a usage error before the first fetch, and the password is never shown.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
# shellcheck source=tests/support/tls.sh
source "$TESTS/support/tls.sh"
mkdir site
(cd site && tls_authority ca && tls_certificate good ca IP:127.0.0.1 &&
    tls_certificate mine ca DNS:me && tls_authority strange &&
    tls_certificate other strange DNS:me) || skip "no openssl"
cat >site/servers.conf <<'END'
server {
    listen 127.0.0.1:@PORT@ ssl;
    ssl_certificate site/good.pem;
    ssl_certificate_key site/good.key;
    ssl_client_certificate site/ca.pem;
    ssl_verify_client on;
    access_log asked.log;
    return 200 "<title>$ssl_client_s_dn</title>";
}
END
cp site/*.pem site/*.key .
cat mine.key mine.pem >both.pem
openssl pkey -in mine.key -aes128 -passout pass:hu:sh -out locked.key
cat locked.key mine.pem >'a:b.pem'
trap nginx_stop EXIT
nginx_serve_site site || exit 1
echo "https://127.0.0.1:$NGINX_PORT/" >list
ask()
{
    local name=$((++asked))
    fg_quiet list -e '<title>.*?</title>' -o "out$name" --cacert ca.pem "$@"
    echo "-- $* : $?"
    [[ -d out$name ]] || return
    outcomes "out$name" outcome status
    matches "out$name" match
}
ask
ask --cert other.pem --key other.key
ask --cert mine.pem --key mine.key
ask --cert both.pem
ask --cert mine.pem:hu:sh --key locked.key
ask --cert 'a\:b.pem:hu:sh'
wc -l <"$NGINX_DIR/asked.log"
for wrong in "missing.pem" "mine.pem" "mine.pem:no --key locked.key" \
    "mine.pem --key locked.key" "mine.pem --key missing.key" \
    "mine.key" "mine.pem --key mine.pem" "mine.pem --key other.key" \
    "/ --key mine.key"; do
    # shellcheck disable=SC2086 # words are meant
    ask --cert $wrong
done
ask --key mine.key
for file in missing.pem list /; do
    ask --cacert "$file"
done
for proxy in ftp://127.0.0.1:1 'http://me:hush@' 'http://me:hush@[x/' \
    'gopher://me:hush@h'; do
    ask --proxy "$proxy" | sed 's/hush/***/'
done
wc -l <"$NGINX_DIR/asked.log"
grep -rla hu:sh out*
true
