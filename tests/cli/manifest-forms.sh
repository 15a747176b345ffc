# shellcheck shell=bash source=tests/cli/lib.sh
# CRLF, byte order marks, comments, blank lines, blanks around, a last line
# without newline, several lists and standard input: ids run on, lines are
# those of the file.
source "$TESTS/cli/lib.sh"
start_server
printf '\xef\xbb\xbf%s/text?body=a\r\n# comment\r\n\r\n  %s/text?body=b \t\r\n' \
    "$URL" "$URL" >crlf
printf '#%s\n\n\n%s/text?body=c' "$URL" "$URL" >torn
printf '\xef\xbb\xbf# comment\n%s/text?body=d#fragment\n' "$URL" >fragment
printf '%s/text?body=e\n%s/text?body=e\n' "$URL" "$URL" |
    status fg_quiet crlf torn - fragment -e '\w' -o out
outcomes out id url outcome source line
matches out id match
