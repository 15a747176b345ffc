# shellcheck shell=bash source=tests/cli/lib.sh
# Folders and files, in bytewise order, by their path; a folder's ids run on.
source "$TESTS/cli/lib.sh"
mkdir -p pages/b pages/B
printf '<title>one</title>' >pages/b/1.html
printf '<title>two</title>\n' >pages/B/2.html
printf '\xef\xbb\xbf<title>three</title>' >pages/a.txt
: >pages/empty.html
printf '\0\0<title>binary</title>' >pages/z.bin
printf '<title>four</title>' >single
"$FETCHGREP" extract pages single -e '<title>(.*?)<' -o out --progress none
echo "status $?"
outcomes out id url outcome matches detail?
matches out id url offset match
"$FETCHGREP" extract single -e 'f\w+'
status "$FETCHGREP" extract no-such-file -e x
