# shellcheck shell=bash source=tests/cli/lib.sh
# A set that took long to compile is kept: the next run reads it and leaves the
# file alone. What was damaged is made anew; matches are the same all along.
source "$TESTS/cli/lib.sh"
"$FETCHGREP" explain -e 'zebra' -e 'token[0-9]' | grep -q 'without Vectorscan' &&
    skip "built without Vectorscan"
export XDG_CACHE_HOME=$PWD/cache
"$python" "$TESTS/support/make_rules.py" 400 --seed 1 >rules
# Enough that it takes long on any machine.
for i in {100..399}; do
    echo "own.$i (?i)w${i}q.{0,20}(?:key|token)[0-9a-f]{8}"
done >>rules
printf 'own.any .{3}\n' >>rules
for i in {100..399..7}; do
    printf 'W%sq is a token%08x\n' "$i" "$i"
done >page
find_all()
{
    "$FETCHGREP" extract page -f rules --progress none "$@" | sort
}
# Its times change: that of the last use is set with each.
inode()
{
    stat -c '%i %s' cache/fetchgrep/patterns-*.hs
}
find_all --no-prefilter >expected
[ -e cache ] || echo "nothing is kept without the prefilter"
find_all >first
cmp first expected && echo "compiled: the same matches"
find cache/fetchgrep -type f | sed -E 's/[0-9a-f]{32}/KEY/'
stat -c %a cache cache/fetchgrep cache/fetchgrep/patterns-*.hs
sum=$(sha256sum cache/fetchgrep/patterns-*.hs)
before=$(inode)
find_all >second
cmp second expected && echo "read: the same matches"
[ "$(inode)" = "$before" ] && echo "the file is left alone"
echo "== damaged"
printf 'x' | dd of="$(echo cache/fetchgrep/patterns-*.hs)" bs=1 seek=5000 \
    conv=notrunc status=none
find_all >third
cmp third expected && echo "a changed byte: the same matches"
[ "$(inode)" != "$before" ] && echo "the file is made anew"
[ "$(sha256sum cache/fetchgrep/patterns-*.hs)" = "$sum" ] && echo "and sound"
truncate -s 1000 cache/fetchgrep/patterns-*.hs
find_all >fourth
cmp fourth expected && echo "cut: the same matches"
[ "$(sha256sum cache/fetchgrep/patterns-*.hs)" = "$sum" ] && echo "and sound"
echo "== no place to keep it"
: >file
XDG_CACHE_HOME=$PWD/file find_all >fifth
cmp fifth expected && echo "the same matches"
