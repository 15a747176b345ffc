# shellcheck shell=bash source=tests/cli/lib.sh
# fetch writes no matches and decodes nothing; its directory searched later
# gives what run gives.
source "$TESTS/cli/lib.sh"
start_server
printf '%s\n' "$URL/ok" "$URL/gzip-cut" "$URL/gzip?size=700" "$URL/status/404" \
    >list
"$FETCHGREP" fetch list -o kept --allow-private --progress none
echo "status $?"
find kept -name 'matches*'
outcomes kept id outcome bytes text_bytes matches charset
fg_quiet list -e '<[a-z]+' -o run
"$FETCHGREP" extract kept -e '<[a-z]+' --progress none -o searched
matches run | cmp - <(matches searched) && echo "equal"
"$FETCHGREP" fetch list -o none --store none --allow-private --progress none
find none -name '*.warc*'
outcomes none id outcome bytes warc
