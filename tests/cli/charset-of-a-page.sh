# shellcheck shell=bash source=tests/cli/lib.sh
# Mark, header, <meta>, UTF-8, guess: the first that says something decides;
# the outcome says what it was, and counts what was ill-formed.
source "$TESTS/cli/lib.sh"
start_server
html=text/html%3Bcharset=
koi=%F0%D2%C9%D7%C5%D4
cat >list <<END
$URL/text?type=${html}koi8-r&body=<p>$koi
$URL/text?type=${html}%22KOI8-R%22&body=<p>$koi
$URL/text?type=${html}koi8-r&body=%EF%BB%BF<p>%D0%9F
$URL/text?type=${html}utf-8&body=<p>%D0%9F%FF%FE<b>%D0<b>
$URL/text?type=${html}bogus&body=<meta+charset=koi8-r><p>$koi
$URL/text?type=text/html&body=<meta+charset=koi8-r><p>$koi
$URL/text?type=text/html&body=<p>%D0%9F
$URL/text?type=text/html&body=<p>%FE%80%81
$URL/text?type=${html}bogus&body=<p>%FE%80%81
$URL/text?type=${html}utf-16le&body=<%00p%00>%00%1F%04
$URL/text?type=${html}iso-2022-kr&body=<p>a
END
sed -i 's/<meta+/<meta%20/' list
fg_quiet list -e '<p>(?<t>.*)' -o out
outcomes out id charset charset_from replaced? detail?
outcomes out id replaced | grep -v -- '-$'
matches out id offset match
outcomes out detail | sort -u
