# shellcheck shell=bash source=tests/cli/lib.sh
# Python's finditer: all other groups, by name or else by number, null when
# they took no part; offsets in bytes of the text as UTF-8.
source "$TESTS/cli/lib.sh"
start_server
body=$(percent 'é<a href="x" id=1><a href="y"> 2026-11')
echo "$URL/text?body=$body" >list
printf 'link\t<a href="([^"]*)"(?: id=(\\d))?\nmonth (?<year>\\d{4})-(\\d\\d)\n' \
    >patterns
status fg_quiet list -e 'é|<a' -f patterns -o out
matches out pattern offset match groups
