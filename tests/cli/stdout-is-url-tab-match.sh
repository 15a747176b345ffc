# shellcheck shell=bash source=tests/cli/lib.sh
# Control characters are escaped, so that a line is a match; bytes that are
# not UTF-8 become U+FFFD; the rest stays.
source "$TESTS/cli/lib.sh"
start_server
body=$(percent $'<p>tab\tline\nback\\slash\x01\x1b\x7f bad\xff h\xc3\xa9 "q"</p>')
echo "$URL/text?body=$body" >list
fg_run list -e '(?s)<p>(.*?)</p>' -e 'line' >matches
echo "status $?"
cut -f 1 matches | cmp - <(cat list list) && cut -f 2- matches
