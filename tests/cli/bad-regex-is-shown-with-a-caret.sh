# shellcheck shell=bash source=tests/cli/lib.sh
# PCRE2's message, the pattern, and a caret under the position.
source "$TESTS/cli/lib.sh"
echo http://127.0.0.1/ >list
printf 'good x\nbroken [a-z\n' >patterns

show()
{
    "$python" - "$1" "$2" <<'END' || cat err >&2
import sys
pattern, place = sys.argv[1], int(sys.argv[2])
said, shown, caret = open("err").read().splitlines()
assert "missing" in said, said
assert shown.index(pattern) + place == caret.index("^"), (shown, caret)
assert caret.strip() == "^"
print("caret at", place)
END
}

status fg_run list -e 'ok' -e 'one(two' -o out 2>err
show 'one(two' 7
status fg_run list -f patterns -o out 2>err
show '[a-z' 4
status "$FETCHGREP" extract list -e 'héé(' 2>err
show 'héé(' 4
ls -A
