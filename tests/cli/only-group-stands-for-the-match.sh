# shellcheck shell=bash source=tests/cli/lib.sh
# The text and offset of a group, by name or number; a match in which it is not
# set is left out; groups are told all the same.
source "$TESTS/cli/lib.sh"
printf 'k1=v1 k2 k3="" x' >page
match='(?<key>\w\d)(?:=(?<value>\w+|""))?'
"$FETCHGREP" extract page -e "$match" --only-group value
"$FETCHGREP" extract page -e "$match" --only-group 1
"$FETCHGREP" extract page -e "$match" --only-group 2 --format jsonl
"$FETCHGREP" extract page -e '(k)\d\K' -e '(?<=(v))1' --only-group 1 \
    --format jsonl
"$FETCHGREP" extract page -e "$match" --only-group value -o out --progress none
outcomes out id matches
