# shellcheck shell=bash source=tests/cli/lib.sh
# --header to all, --header-for to its host alone, also after a redirect.
source "$TESTS/cli/lib.sh"
start_server --listen 127.0.0.1 --listen 127.0.0.2 --log requests.log
other=http://127.0.0.2:$PORT
printf '%s\n' "$URL/headers" "$other/headers" \
    "$URL/redirect-to?url=$other/headers" >list
pattern='(?m)^(?:X-[A-Za-z]+|Authorization|User-Agent|Accept-Encoding): [^\r\n]*'
fg_quiet list -e "$pattern" -o out --header 'X-All: everywhere' \
    --user-agent 'Test/1 (a b)' \
    --header-for "127.0.0.1:$PORT" 'Authorization: Bearer secret-token' \
    --header-for 127.0.0.1 'X-One: here'
matches out id match | LC_ALL=C sort
echo "--"
grep -rc secret-token out/outcomes.jsonl
zcat out/pages/*.warc.gz | grep -a -c '^Authorization: Bearer secret-token'
zcat out/pages/*.warc.gz | grep -a -c '^Authorization: \*\*\*'
