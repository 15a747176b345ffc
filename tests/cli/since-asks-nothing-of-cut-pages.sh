# shellcheck shell=bash source=tests/cli/lib.sh
# A page that was cut, by us or by its server, is asked for whole.
source "$TESTS/cli/lib.sh"
start_server
printf '%s\n' "$URL/etag?etag=long" "$URL/cut?claim=300&send=299" \
    "$URL/ok?size=150" >list
fg_quiet list -e x -o one --max-body 200
fg_quiet list -e x -o two --since one
outcomes one outcome status
outcomes two outcome status
