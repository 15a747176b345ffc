# shellcheck shell=bash source=tests/cli/lib.sh
# Words, groups by name, as groups.NAME and by number, in each format; a
# pattern that has no such group leaves the column empty.
source "$TESTS/cli/lib.sh"
mkdir pages
printf '<a href="/x">one, two</a>\n<a>three</a>' >pages/1.html
printf 'year 2025\t"2026"' >pages/2.html
printf 'url <a href="(?<url>[^"]*)">(?<text>[^<]*)\nyear (?:20)(\\d\\d)\n' >patterns
for format in text tsv csv jsonl; do
    echo "$format"
    "$FETCHGREP" extract pages -f patterns --order manifest --format $format \
        --fields url,groups.url,text,1,pattern,id,in
done
"$FETCHGREP" extract pages -e '(.)ee' --format csv --fields match,id \
    --only-group 1
"$FETCHGREP" extract pages -e '(?=(e))' --fields match --format csv -o out \
    --progress none --order manifest
cat out/matches.csv
