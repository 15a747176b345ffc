# shellcheck shell=bash source=tests/cli/lib.sh
source "$TESTS/cli/lib.sh"
start_server
for i in {1..40}; do echo "$URL/ok?size=100000&i=$i"; done >list
fg_run list -e '<a [^>]*>' >/dev/full
code=$?
echo "status $code"
mkdir small
unshare -rm mount -t tmpfs none small 2>/dev/null || skip "no mount namespaces"
# shellcheck disable=SC2016
status unshare -rm bash -c 'mount -t tmpfs -o size=512k none small
    "$FETCHGREP" run --allow-private --progress none list -e "<a [^>]*>" \
        --store plain -o small/out
    status=$?
    ls small/out | grep -c -e ^outcomes.jsonl -e ^summary.json
    exit $status'
