# shellcheck shell=bash source=tests/cli/lib.sh
# ARC files, plain and packed, by name, by content and in directories; what is
# only called so is a page.
source "$TESTS/cli/lib.sh"
head='HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n'
{
    arc_record 'filedesc://x.arc 0.0.0.0 20080430204825 text/plain' \
        '1 0 Alexa Internet\nURL IP-address Archive-date Content-type Archive-length\n'
    arc_record 'dns:a.org 192.0.2.9 20080430204825 text/dns' 'a.org. IN A x'
    arc_record 'http://a.org/ 192.0.2.1 20080430204826 text/html' "$head<p>x"
    arc_record 'http://a.org/a b 192.0.2.1 20080430204826 text/html' \
        "${head}x and x"
    arc_record 'http://old.org/ 192.0.2.1 19970430204826 text/html' '<p>x'
    arc_record 'http://not.org/ 192.0.2.1 20080430204826 text/html' \
        'HTTP/1.1 404 Not Found\r\n\r\nx'
} >plain.arc
gzip -c plain.arc >packed.arc.gz
mkdir tree
cp packed.arc.gz tree/1.arc.gz
echo 'no archive, but x' >tree/2.arc
cp plain.arc no-ending
for input in plain.arc packed.arc.gz tree no-ending; do
    echo "== $input"
    "$FETCHGREP" extract "$input" -e x --progress none -o "$input.d"
    outcomes "$input.d" id url outcome status? mime? matches
done
