# shellcheck shell=bash source=tests/cli/lib.sh
# A line over 1 MB is an entry of its own; its neighbours are not harmed.
source "$TESTS/cli/lib.sh"
start_server
{
    echo "$URL/ok?first"
    printf 'http://127.0.0.1/%*s\n' 3000000 '' | tr ' ' x
    echo "$URL/ok?last"
} >list
status fg_quiet list -e '<title>' -o out
outcomes out id outcome line detail?
matches out id match
(($(wc -c <out/outcomes.jsonl) < 10000)) && echo "the line is not repeated"
