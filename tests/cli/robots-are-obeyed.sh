# shellcheck shell=bash source=tests/cli/lib.sh
# One fetch of robots.txt an origin, shared by all its entries and loops, kept
# as a record and in nobody's way; what it denies is not asked for, neither as
# the target of a redirect.
source "$TESTS/cli/lib.sh"
rules=$(percent 'User-agent: *
Disallow: /

User-agent: fetchgrep
Disallow: /status/
Disallow: /*secret
Allow: /status/404
')
start_server --listen 127.0.0.1 --listen 127.0.0.2 --listen 127.0.0.3 \
    --listen 127.0.0.4 --log requests.log \
    --alias 127.0.0.1/robots.txt "/text?type=text/plain&body=$rules" \
    --alias 127.0.0.2/robots.txt /status/404 \
    --alias 127.0.0.3/robots.txt /status/503 \
    --alias 127.0.0.4/robots.txt "/redirect-to?url=/rules" \
    --alias 127.0.0.4/rules "/text?coding=gzip&body=no%20gzip"
one=http://127.0.0.1:$PORT two=http://127.0.0.2:$PORT
three=http://127.0.0.3:$PORT four=http://127.0.0.4:$PORT
cat >list <<END
$one/ok?a
$one/status/500
$one/status/404
$one/text?body=secret
$two/status/500
$two/redirect-to?url=$one/status/500
$three/ok
$four/ok
END
for i in {1..100}; do echo "$one/ok?$i"; done >>list
fg_run list -e '<title>' --robots -o out --fetch-threads 2
outcomes out id outcome redirects detail | head -8
outcomes out outcome | sort | uniq -c
grep -c 'ok?' requests.log
cut -d ' ' -f 2- requests.log | grep -e robots -e rules | sort | uniq -c | normalize
"$python" "$TESTS/support/warc_check.py" out/pages/*.warc.gz |
    grep -c 'robots.txt.*"response"\|"response".*robots.txt'
"$FETCHGREP" extract out -e 'Disallow' -e '<title>' -o kept --progress none
diff <(outcomes out id outcome matches) <(outcomes kept id outcome matches)

# Worker processes do the same, and its record is found like any.
fg_quiet list -e '<title>' --robots --isolation processes -o apart
diff <(outcomes out id outcome redirects detail) \
    <(outcomes apart id outcome redirects detail)
for dir in out apart; do
    grep -o '"url":"[^"]*/robots.txt"' $dir/pages/index.cdxj | sort | normalize
    "$FETCHGREP" show $dir "$one/robots.txt" | head -1
done

# A robots.txt is no page: --mime is not about it. Without the option nobody is
# asked.
fg_quiet list -e '<title>' --robots --mime text/html -o html
outcomes html outcome | sort | uniq -c
fg_quiet list -e '<title>' -o without
outcomes without outcome | sort | uniq -c
