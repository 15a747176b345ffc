# shellcheck shell=bash source=tests/cli/lib.sh
# truncated, too-large and bad-encoding pages have the matches of the text
# that is there.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/cut?claim=1000&send=512
$URL/ok?size=5000
$URL/gzip-crc?size=512
$URL/chunked-cut?size=1024&chunk=64
END
fg_quiet list -e '<title>' -o out --max-body 1024 --max-failed 4 2>err
outcomes out id outcome matches
