# shellcheck shell=bash source=tests/cli/lib.sh
# A page in each encoding of the web, announced by <meta> or by its mark, gives
# the text that was written.
source "$TESTS/cli/lib.sh"
"$python" "$TESTS/support/charset_pages.py" pages | sort >expected
"$FETCHGREP" extract pages -e '<p>(.*?)</p>' --only-group 1 --progress none |
    sed 's|^pages/||' | sort | diff expected - && wc -l <expected
"$FETCHGREP" extract pages -e '<p>(.*?)</p>' -o out --progress none
outcomes out charset_from replaced? | sort | uniq -c
outcomes out charset | sort -u | tr '\n' ' '
echo
