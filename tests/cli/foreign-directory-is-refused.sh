# shellcheck shell=bash source=tests/cli/lib.sh
# Neither a folder with other things in it, nor a file, is written to; an
# empty folder is used; a finished run says so.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/ok" >list
mkdir foreign empty
echo mine >foreign/thesis.txt
echo mine >file
status fg_quiet list -e x -o foreign
status fg_quiet list -e x -o file
cat foreign/thesis.txt file
ls -A foreign
requests
echo --
status fg_quiet list -e '<title>' -o empty
requests
status fg_quiet list -e '<title>' -o empty
requests
