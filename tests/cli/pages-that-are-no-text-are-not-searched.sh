# shellcheck shell=bash source=tests/cli/lib.sh
# A NUL byte near the start, or a type that is no text: the outcome says so.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/nul
$URL/text?type=image/png&body=before
$URL/text?type=application/pdf&body=before
$URL/text?type=text/plain&body=before
$URL/text?type=application/json&body=before
$URL/text?type=application/xhtml%2Bxml&body=before
END
fg_quiet list -e before -o out
outcomes out id outcome matches detail?
