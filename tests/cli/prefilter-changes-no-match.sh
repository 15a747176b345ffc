# shellcheck shell=bash source=tests/cli/lib.sh
# The same lines (in what order is not promised) with the prefilter and without, over the demonstration site.
source "$TESTS/cli/lib.sh"
"$FETCHGREP" explain -e 'zebra' -e 'token[0-9]' | grep -q 'without Vectorscan' &&
    skip "built without Vectorscan"
data=$TESTS/../data
arguments=()
for file in "$data"/patterns/*.txt; do
    arguments+=(-f "$file")
done
# A few more: without a condition, with the case ignored, beyond ASCII.
printf '%s\n' 'line ^$' 'heading (?is)<h1[^>]*>(.*?)</h1>' \
    'number (?<![\w.])\d{4}(?!\w)' 'quoted \x{201c}[^\x{201d}]+\x{201d}' \
    'word (?i)\bpool\b' 'path@url (?i)/[^/]*\.html$' >more.txt
arguments+=(-f more.txt "$data/site" --progress none)
"$FETCHGREP" extract "${arguments[@]}" | sort >with
echo "status ${PIPESTATUS[0]}"
"$FETCHGREP" extract "${arguments[@]}" --no-prefilter | sort >without
echo "status ${PIPESTATUS[0]}"
cmp with without && echo "the same lines"
"$FETCHGREP" extract "${arguments[@]}" -i | sort >with
"$FETCHGREP" extract "${arguments[@]}" -i --no-prefilter | sort >without
cmp with without && echo "the same lines with -i"
(($(wc -l <with) > 200)) && echo "many"
# And that the prefilter was at work: most patterns have a condition.
"$FETCHGREP" explain "${arguments[@]:0:${#arguments[@]}-3}" |
    grep condition >conditions
(($(grep -vc 'condition none' conditions) > 50)) && echo "conditions"
