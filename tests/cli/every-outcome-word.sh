# shellcheck shell=bash source=tests/cli/lib.sh
# What becomes of every kind of entry: path, outcome, status. Every outcome but
# ok has its detail, and every id comes back once.
source "$TESTS/cli/lib.sh"
start_server
cat >kinds <<END
$URL/ok ok 200
$URL/1xx ok 200
$URL/bare-lf ok 200
$URL/204-body ok 204
$URL/no-length?size=3000 ok 200
$URL/keepalive-close ok 200
$URL/chunked?size=3000 ok 200
$URL/many-headers?n=1000 ok 200
$URL/redirect/10 ok 200
$URL/redirect-none ok 302
$URL/status/304 ok 304
$URL/latin1 ok 200
$URL/status/400 http-error 400
$URL/status/404 http-error 404
$URL/status/503 http-error 503
$URL/redirect-to?url=/status/410 http-error 410
not-a-url invalid-url -
http:// invalid-url -
http://[::1/ invalid-url -
http://127.0.0.1:99999/ invalid-url -
ftp://127.0.0.1/ denied -
file:///etc/passwd denied -
mailto:someone@example.org denied -
javascript:alert(1) denied -
$URL/redirect-file denied 302
http://$(no_host)/ dns-failed -
$URL/redirect-to?url=http://$(no_host)/ dns-failed -
http://127.0.0.1:$(closed_port)/ connect-failed -
https://127.0.0.1:$PORT/ok tls-failed -
$URL/never stalled -
$URL/stall?after=100 stalled 200
$URL/slow?bytes=10000&delay_ms=100 timed-out 200
$URL/ok?size=200000 too-large 200
$URL/no-length?size=200000 too-large 200
$URL/chunked?size=200000&chunk=5000 too-large 200
$URL/endless too-large 200
$URL/gzip-bomb?size=2000000 too-large 200
$URL/cut?claim=1000&send=500 truncated 200
$URL/chunked-cut truncated 200
$URL/reset?after=100 truncated 200
$URL/redirect/11 too-many-redirects 302
$URL/loop too-many-redirects 302
$URL/close bad-response -
$URL/reset bad-response -
$URL/garbage bad-response -
$URL/http09 bad-response -
$URL/huge-header?size=2000000 bad-response -
$URL/endless-headers bad-response -
$URL/chunked-bad bad-encoding 200
$URL/gzip-cut bad-encoding 200
$URL/gzip-crc bad-encoding 200
$URL/gzip-plain ok 200
END
cut -d ' ' -f 1 kinds >list
fg_quiet list -e '<title>' -o out --timeout 3s --stall-timeout 1s \
    --max-body 100k --max-redirects 10
echo "status $?"
"$python" "$TESTS/cli/fields.py" out/outcomes.jsonl url outcome status |
    tr '\t' ' ' | diff kinds - && echo "all as expected"
outcomes out id | cmp - <(seq 0 $(($(wc -l <kinds) - 1))) && echo "all once"
outcomes out outcome detail? | sort -u
