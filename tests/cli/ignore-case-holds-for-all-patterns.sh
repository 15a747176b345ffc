# shellcheck shell=bash source=tests/cli/lib.sh
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/text?body=$(percent 'Ab É é ß')" >list
echo 'accent é' >patterns
fg_quiet list -e aB -f patterns -o plain
fg_quiet list -e aB -f patterns -i -o caseless
matches plain pattern match
echo --
matches caseless pattern match
