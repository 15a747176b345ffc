# shellcheck shell=bash source=tests/cli/lib.sh
# Name, blanks or one tab, the rest verbatim; # only as first character; a CR
# at the end is dropped; -e patterns are e1, e2 in order.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/text?body=$(percent 'a  b # c #d')" >list
printf '# comment\n\nblanks    a  b\ntab\t  b\nhash # c\r\ntail d' >patterns
fg_quiet list -e c -f patterns -e '#' -o out
matches out pattern offset match
