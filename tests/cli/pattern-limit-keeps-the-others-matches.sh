# shellcheck shell=bash source=tests/cli/lib.sh
# A pattern that explodes is an outcome with a name, not "no match"; it is no
# failure, and the other pattern's matches stand.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/text?body=end.$(printf 'a%.0s' {1..3000})!" >list
status fg_quiet --no-prefilter list -e '(?:a|aa|a?a)+(?:a|aa)+(?:aaa|aa)+\d' -e 'end' -o out \
    --max-failed 0
outcomes out id outcome status detail?
matches out pattern match
