# shellcheck shell=bash source=tests/cli/lib.sh
# What cannot be shown is said in one line, with a status: 1 where there is no
# such page, 2 where the question is wrong.
source "$TESTS/cli/lib.sh"
start_server
printf '%s\n' "$URL/ok" "http://127.0.0.1:$(closed_port)/" \
    "$URL/text?type=image/png&body=x" >list
fg_quiet list -e x -o run 2>/dev/null
"$FETCHGREP" extract run -e x --progress none -o searched
mkdir empty
printf 'junk' >junk.warc
why()
{
    "$FETCHGREP" show "$@" 2>&1 >out | normalize |
        sed -E 's/:[0-9]+\//:PORT\//; s/\([0-9]+\)/(N)/'
    echo "status ${PIPESTATUS[0]}, $(wc -c <out) bytes"
}
why run 1
why run 99
why run http://nowhere.invalid/
why run 2
why run @1
why run @x
why searched 0
why empty 0
why junk.warc 0
why missing 0
why run
why run 0 1
why run 0 --raw --text
why run 0 --head 0
why run 0 -e x
