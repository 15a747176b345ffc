# shellcheck shell=bash source=tests/cli/lib.sh
# User information and --header-for over redirects: not to another port, host
# or scheme; again when the way leads back to where they belong, and in every
# hop of theirs. --header refuses what every host would get to know.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
# shellcheck source=tests/support/tls.sh
source "$TESTS/support/tls.sh"
mkdir site
(cd site && tls_authority ca && tls_certificate good ca IP:127.0.0.1) ||
    skip "no openssl"
start_server --listen 127.0.0.1 --listen 127.0.0.2
cat >site/servers.conf <<END
server {
    listen 127.0.0.1:@PORT@;
    location / { proxy_pass $URL; proxy_redirect off; }
}
server {
    listen 127.0.0.3:@PORT@ ssl;
    ssl_certificate site/good.pem;
    ssl_certificate_key site/good.key;
    location = /down { return 302 http://127.0.0.3:@PORT@/; }
    location / { proxy_pass $URL; proxy_redirect off; }
    error_page 497 =200 /plain;
    location = /plain { return 200 "authorized: [\$http_authorization]"; }
}
END
trap 'nginx_stop; stop_server' EXIT
nginx_serve_site site || exit 1
login=http://me:hush%20hush@127.0.0.1:$PORT
port=http://127.0.0.1:$NGINX_PORT
host=http://127.0.0.2:$PORT
tls=https://127.0.0.3:$NGINX_PORT
to='redirect-to?url'
cat >list <<END
$login/$to=$URL/headers
$login/$to=/headers
$login/$to=$port/headers
$login/$to=$host/headers
$login/$to=$host/$to%3D$URL/headers
$login/$to=$port/$to%3D$URL/headers
https://me:hush%20hush@127.0.0.3:$NGINX_PORT/down
$tls/headers
$tls/down
END
pattern='(?m)^Authorization:.*|authorized.*'
fg_quiet list -e "$pattern" -o out --insecure
outcomes out id outcome final_url | sed "s/:$NGINX_PORT/:OTHER/"
matches out id match
fg_quiet list -e "$pattern" -o two --insecure --isolation processes \
    --store none --header-for "$tls" 'Authorization: for its origin'
matches two id match
grep -rla -e hush -e bWU6aHVzaCBodXNo -- out two/outcomes.jsonl two/*.json
zcat out/pages/*.gz >warc
grep -a -e hush -e 'Location:.*@' warc
grep -a '^Authorization' warc | sort | uniq -c
echo "-- refused"
for header in 'authorization: x' 'Cookie: x' 'Proxy-Authorization;'; do
    fg_quiet list -e x --header "$header"
    echo "status $?"
done
