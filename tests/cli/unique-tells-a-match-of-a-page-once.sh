# shellcheck shell=bash source=tests/cli/lib.sh
# Of each page and pattern, the first of equal matches; with --only-group, of
# equal groups. What is written is what is counted.
source "$TESTS/cli/lib.sh"
mkdir pages
printf 'a b a c a1 b2' >pages/1
printf 'a b' >pages/2
"$FETCHGREP" extract -j1 pages -e '[a-z]' -e '(?<letter>[ab])\d?' --unique -o out \
    --progress none
matches out id pattern offset match
outcomes out id matches
"$FETCHGREP" extract -j1 pages -e '(?<letter>[ab])\d?' --unique --only-group letter
"$FETCHGREP" extract -j1 pages -e '[a-z]' --unique --count
