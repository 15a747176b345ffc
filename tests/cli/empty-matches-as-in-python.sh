# shellcheck shell=bash source=tests/cli/lib.sh
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/text?body=$(percent 'aéa')" >list
fg_quiet list -e 'a*' -e '(?=é)|é' -e '$' -o out
matches out pattern offset match
