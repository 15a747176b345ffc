# shellcheck shell=bash source=tests/cli/lib.sh
# NAME@headers and NAME@url: the head with LF for CRLF, the URL as results show
# it; results say where. Pages whose body is no text have both, pages that are
# not searched have neither; what is kept gives the same again.
source "$TESTS/cli/lib.sh"
start_server
{
    echo "$URL/text?body=Server&type=text/html"
    echo "$URL/nul"
    echo "$URL/status/404"
    echo "http://user:secret@127.0.0.1:$PORT/text?body=x"
    echo "$URL/bare-lf"
} >list
cat >patterns <<'END'
type@headers (?m)^Content-Type: (.*)$
path@url /([a-z-]+)
word Server
line@headers \A.*
END
fg_quiet list -f patterns -o out
matches out id pattern in offset match groups
outcomes out id outcome matches detail?
"$FETCHGREP" extract out -f patterns -o again --progress none
cmp <(sort out/matches.jsonl) <(sort again/matches.jsonl) && echo "the same again"
fg_quiet list -f patterns --format csv --order manifest | normalize
printf 'name@url \\w+$\nhead@headers .\n' >patterns
mkdir pages && printf 'text' >pages/page.html
printf 'text' >$'pages/\xff.html'
"$FETCHGREP" extract -j1 pages -f patterns --format jsonl --unique
