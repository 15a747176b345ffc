# shellcheck shell=bash source=tests/cli/lib.sh
# What is not chosen is no entry, but has an id, so that ids are the same with
# every choice; the choice holds for archives, run directories and files.
source "$TESTS/cli/lib.sh"
start_server
html='HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>x'
{
    warc_record response http://a.org/page "$html"
    warc_record resource http://a.org/text 'x' 'Content-Type: text/plain'
    warc_record response http://b.org/ 'HTTP/1.1 200 OK\r\n\r\nx'
    warc_record conversion http://b.org/text 'x' 'Content-Type: text/plain'
    warc_record revisit http://a.org/again \
        'HTTP/1.1 200 OK\r\nContent-Type: TEXT/HTML\r\n\r\n'
} >pages.warc
chosen()
{
    echo "== $*"
    "$FETCHGREP" extract "$@" -e x --progress none --restart -o out
    outcomes out id url | sed "s,$PWD,.,"
}
chosen pages.warc
chosen pages.warc --type response
chosen pages.warc --type Resource,conversion
chosen pages.warc --mime text/html
chosen pages.warc --mime text/ --mime 'x/*,y/z'
chosen pages.warc --url-pattern '^http://b'
chosen pages.warc --url-pattern 'again$' --url-pattern 'page$' --type response
mkdir -p tree/sub
touch tree/{a.html,b.txt,c} tree/sub/d.HTM
chosen tree --mime text/html
chosen tree --url-pattern '/[bd]\.'
printf '%s\n' "$URL/ok?size=300" "$URL/status/204" "$URL/text?body=x" >list
fg_quiet list -e x -o run
chosen run --mime text/html
chosen run --url-pattern 'ok'
chosen run --type revisit
for bad in '--type html' '--type response,' '--mime ,' '--url-pattern ('; do
    # shellcheck disable=SC2086
    status "$FETCHGREP" extract pages.warc -e x $bad
done
# Another choice is another run.
status "$FETCHGREP" extract run -e x --progress none -o out
