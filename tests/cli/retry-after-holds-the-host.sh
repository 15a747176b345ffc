# shellcheck shell=bash source=tests/cli/lib.sh
# 429 with Retry-After: nobody asks this host before; other hosts go on.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/flaky?fails=1&status=429&after=1
$URL/ok?size=600
$URL/ok?size=700
END
fg_quiet list -e '<title>' --retries 1 -o out
outcomes out id outcome attempts
read -r first _ <requests.log
sed 1d requests.log | while read -r ms _ path; do
    ((ms - first >= 1000)) && echo "held: $path"
done | sort
