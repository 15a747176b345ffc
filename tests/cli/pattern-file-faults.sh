# shellcheck shell=bash source=tests/cli/lib.sh
# A name twice, in one file or over two, a line without a pattern, a missing
# file: one line with the place, status 2.
source "$TESTS/cli/lib.sh"
echo http://127.0.0.1/ >list
printf 'one x\ntwo y\none z\n' >twice
printf 'one x\n' >a
printf '# comment\none y\n' >b
printf 'e1 x\n' >c
printf 'lonely\n' >lonely
status fg_run list -f twice
status fg_run list -f a -f b
status fg_run list -e x -f c
status fg_run list -f lonely
status fg_run list -f nowhere
