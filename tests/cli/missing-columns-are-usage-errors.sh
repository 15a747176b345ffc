# shellcheck shell=bash source=tests/cli/lib.sh
# Before the first fetch it is said which columns there are; and a run directory
# made for it can be used all the same.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/ok" >good
printf 'id\tlink\n1\t%s/ok\n' "$URL" >list.tsv
status fg_quiet good list.tsv -e '<title>'
status fg_quiet list.tsv -e '<title>' --url-field link --keep rank
status fg_quiet good -e '<title>' --keep rank
status fg_quiet - -e '<title>' --manifest-format csv -o out <list.tsv
requests
status fg_quiet - -e '<title>' --manifest-format tsv --url-field 2 -o out \
    <list.tsv
matches out id match
requests
status fg_quiet - -e '<title>' --manifest-format tsv --url-field link -o out \
    <list.tsv
printf '%s/ok,x\n' "$URL" |
    status fg_quiet - -e '<title>' --manifest-format csv --no-header --keep 2 \
        --fields match,keep
