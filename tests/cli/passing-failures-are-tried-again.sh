# shellcheck shell=bash source=tests/cli/lib.sh
# Twice by default, with a pause; what cannot pass by itself is not.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/flaky?fails=1&size=600
$URL/flaky?fails=2&status=0
$URL/flaky?fails=9&status=502
$URL/redirect-to?url=/flaky?fails=1%26from=a-redirect
$URL/status/404
$URL/chunked-bad
END
fg_quiet list -e '<title>' --retries 2 --host-failures 0 --store plain -o out
echo "status $?"
# libcurl itself asks again when a kept connection turns out to be closed.
outcomes out id outcome status? attempts redirects detail? |
    sed 's/^\(1\tok\tyes\t\)[23]\t/\12 or 3\t/'
echo "asked:"
requests | sort | uniq -c
echo "kept:"
grep -ac '^WARC-Type: response' out/pages/*.warc
