# shellcheck shell=bash source=tests/cli/lib.sh
# A row that cannot be read is an outcome with its line and a reason, and in a
# stream a message with both.
source "$TESTS/cli/lib.sh"
start_server
printf 'id,url\n1\n2,%s/text?body=a\n3,\n\n4,"%s/text?body=b\n5,%s/text?body=c\n' \
    "$URL" "$URL" "$URL" >list.csv
printf '%s\n' '{"link":"x"}' "{\"url\":\"$URL/text?body=d\"}" '[]' '{"url":7}' \
    '{"url":"http://me:secret@a.example/' >list.jsonl
status fg_quiet list.csv list.jsonl -e . -o out
outcomes out id url outcome source line detail
fg_quiet list.csv list.jsonl -e . 2>&1 | sort | normalize
grep -r secret out || echo "no secret"
