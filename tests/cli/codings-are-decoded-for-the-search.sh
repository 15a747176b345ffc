# shellcheck shell=bash source=tests/cli/lib.sh
# One page under every coding: the same text, the same matches; bytes counts
# what was sent.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/ok?size=70000
$URL/chunked?size=70000&chunk=333
$URL/gzip?size=70000
$URL/chunked-gzip?size=70000
$URL/deflate?size=70000
$URL/deflate?size=70000&raw=1
$URL/br?size=70000
$URL/zstd?size=70000
END
fg_quiet list -e '<p>line (\d+)' -o out
outcomes out id outcome text_bytes matches
for id in 1 2 3 4 5 6 7; do
    cmp <(matches out id pattern offset match groups | grep ^0 | cut -f 2-) \
        <(matches out id pattern offset match groups | grep "^$id" | cut -f 2-)
done
outcomes out id bytes | sed -n '1p;3p'
