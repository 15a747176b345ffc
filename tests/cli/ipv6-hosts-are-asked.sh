# shellcheck shell=bash source=tests/cli/lib.sh
# A literal IPv6 address: asked, named in the Host header, the record and the
# outcome; over HTTP, TLS and HTTP/2. Denied unless private ones are allowed.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
# shellcheck source=tests/support/tls.sh
source "$TESTS/support/tls.sh"
"$python" -c 'import socket
socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null ||
    skip "no IPv6 on this machine"
mkdir site
(cd site && tls_authority ca && tls_certificate good ca IP:::1) ||
    skip "no openssl"
cp site/ca.pem .
cat >site/servers.conf <<'END'
default_type text/plain;
server {
    listen [::1]:@PORT@;
    location = /away { return 302 "http://[0:0:0:0:0:0:0:1]:@PORT@/back"; }
    location / { return 200 "host: $http_host"; }
}
server {
    listen [::1]:@TLS@ ssl http2;
    ssl_certificate site/good.pem;
    ssl_certificate_key site/good.key;
    return 200 "host: $http_host";
}
END
tls_port=$("$python" -c 'import socket
s = socket.socket(socket.AF_INET6)
s.bind(("::1", 0))
print(s.getsockname()[1])')
sed -i "s/@TLS@/$tls_port/" site/servers.conf
trap nginx_stop EXIT
nginx_serve_site site || exit 1
PORT=$NGINX_PORT
cat >list <<END
http://[::1]:$PORT/page
http://[::1]:$PORT/away
https://[::1]:$tls_port/
END
hide() { sed "s/$tls_port/TLS/; s/$PORT/PORT/"; }
fg_quiet list -e 'host: .*' -o out --cacert ca.pem --http2
outcomes out id outcome ip http redirects final_url | hide
matches out match | hide
zcat out/pages/*.gz | grep -a -c -x $'WARC-IP-Address: ::1\r'
status "$FETCHGREP" fetch list -o denied --progress none
outcomes denied id outcome
status "$FETCHGREP" fetch list -o allowed --progress none --insecure \
    --allow-private=::1
outcomes allowed id outcome
