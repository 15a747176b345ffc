# shellcheck shell=bash source=tests/cli/lib.sh
# Good, expired, another host's, self-signed: each is said, and nothing but the
# certificate is sent there; --insecure looks at none of it.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
# shellcheck source=tests/support/tls.sh
source "$TESTS/support/tls.sh"
mkdir site && cd site || exit 1
tls_authority ca || skip "no openssl"
tls_certificate good ca IP:127.0.0.1
tls_certificate expired ca IP:127.0.0.2 -days -1
tls_certificate other ca DNS:other.test
tls_new self -x509 -days 2 -out self.pem -addext subjectAltName=IP:127.0.0.4
cd .. || exit 1
i=0
for name in good expired other self; do
    ((++i))
    cat <<END
server {
    listen 127.0.0.$i:@PORT@ ssl;
    ssl_certificate site/$name.pem;
    ssl_certificate_key site/$name.key;
    access_log $name.log;
    return 200 "<title>$name</title>";
}
END
done >site/servers.conf
cp site/ca.pem .
trap nginx_stop EXIT
nginx_serve_site site || exit 1
PORT=$NGINX_PORT
printf "https://127.0.0.%d:$NGINX_PORT/\n" 1 2 3 4 >list
status fg_quiet list -e '<title>.*?</title>' -o out --cacert ca.pem
outcomes out id outcome detail
wc -l <"$NGINX_DIR/good.log"
cat "$NGINX_DIR"/{expired,other,self}.log 2>/dev/null
fg_quiet list -e '<title>.*?</title>' -o two --insecure
outcomes two id outcome
matches two match
