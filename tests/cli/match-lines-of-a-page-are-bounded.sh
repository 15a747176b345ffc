# shellcheck shell=bash source=tests/cli/lib.sh
# Overlapping captures could make match lines without end: they are cut, the
# outcome says so, and the next page is searched as if nothing had been.
source "$TESTS/cli/lib.sh"
mkdir pages
head -c 20000 /dev/zero | tr '\0' a >pages/1.html
echo 'aaab' >pages/2.html
"$FETCHGREP" extract pages -e '(?=(a{5000}))' -e b --max-body 1M -o out \
    --progress none
echo "status $?"
outcomes out id url outcome detail?
grep -c '"pattern":"e2"' out/matches.jsonl
size=$(stat -c %s out/matches.jsonl)
((size > 70000000 && size < 76000000)) && echo bounded
