# shellcheck shell=bash source=tests/cli/lib.sh
# Each pattern with its condition or why it has none, JIT or why not, captures,
# limits. How large the machine code is depends on the machine.
source "$TESTS/cli/lib.sh"
"$FETCHGREP" explain -e 'zebra' -e 'token[0-9]' | grep -q 'without Vectorscan' &&
    skip "built without Vectorscan"
{
    printf 'links href="(https?://[^"]+)"\n'
    printf 'mail (?<user>[a-z.]+)@([a-z.]+)\n'
    printf 'any .*\n'
    printf 'tab (*NO_JIT)(*LIMIT_MATCH=1000)\\Ga\tb\x01\n'
    printf 'server@headers (?i)^server: (.*)\n'
} >patterns
tell()
{
    "$FETCHGREP" explain "$@" | sed 's/yes, [0-9]* bytes/yes, N bytes/'
}
tell -f patterns
echo "== a single literal"
tell -e '<meta .*?>' | grep condition
echo "== switched off"
tell -f patterns --no-prefilter | grep condition | sort | uniq -c
echo "== the options' part"
tell -i -e 'Bet' -e 'Zet' --page-time 500ms | grep -E 'condition|clock'
echo "== as JSON"
"$FETCHGREP" explain -f patterns --json >json
"$python" - json <<'END'
import json, sys
for line in open(sys.argv[1]):
    row = json.loads(line)
    jit = row.pop("jit_bytes")
    assert (jit == 0) == ("why_no_jit" in row), row
    assert ("condition" in row) != ("why_always" in row), row
    print(*(f"{key}={value!r}" for key, value in row.items()), sep="\n  ")
END
echo "== bad usage"
status "$FETCHGREP" explain 2>&1
status "$FETCHGREP" explain -e 'a(' 2>&1
status "$FETCHGREP" explain -e a -o out 2>&1
status "$FETCHGREP" explain -e a --isolation processes 2>&1
status "$FETCHGREP" explain -e a not-there 2>&1
status "$FETCHGREP" extract -e a --json . 2>&1
"$FETCHGREP" explain -e a >&- 2>err
echo "status $?"
cat err
