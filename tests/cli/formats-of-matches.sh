# shellcheck shell=bash source=tests/cli/lib.sh
# jsonl and text, to a directory and to standard output.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/text?body=$(percent $'one\ttwo "q" é')" >list
fg_run list -e '(one)\s(?<second>\w+) "q" é' --format jsonl | normalize
fg_quiet list -e '(?s).+' --format text -o out
normalize <out/matches.txt
find out -name "matches*"
