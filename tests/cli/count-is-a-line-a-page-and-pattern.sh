# shellcheck shell=bash source=tests/cli/lib.sh
# As rg -c counts, but matches; a page without any has no line. Several patterns
# are told apart.
source "$TESTS/cli/lib.sh"
mkdir pages
printf 'aab' >pages/1
printf 'zzz' >pages/2
printf 'ba\tb' >pages/3
"$FETCHGREP" extract -j1 pages -e a --count
for format in text csv tsv jsonl; do
    "$FETCHGREP" extract -j1 pages -e a -e 'b' -e z --count --format $format
done
"$FETCHGREP" extract -j1 pages -e 'a' -e '(b)' --count --fields count,pattern
"$FETCHGREP" extract -j1 pages -e '[ab](z)?' --count --only-group 1
"$FETCHGREP" extract -j1 pages -e a -e b --count -o out --progress none
cat out/matches.jsonl
outcomes out id matches
grep -o '"matches":[0-9]*' out/summary.json
