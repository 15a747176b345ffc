# shellcheck shell=bash source=tests/cli/lib.sh
# Missing, a directory, none at all: each one line, status 2, nothing made;
# a good manifest before the bad one is not begun.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/ok" >good.txt
mkdir folder

status fg_run missing.txt -e x -o out
status fg_run folder -e x -o out
status fg_run good.txt missing.txt -e x -o out
status fg_run -e x -o out
ls -A
requests
