# shellcheck shell=bash source=tests/cli/lib.sh
source "$TESTS/cli/lib.sh"
start_server
printf '%s\n' "$URL/text?body=aaab" "$URL/text?body=ab" >list
fg_quiet list -e a -e b -o out --max-matches 2
outcomes out id outcome matches detail?
matches out id pattern offset
