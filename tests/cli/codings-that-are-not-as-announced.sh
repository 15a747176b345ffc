# shellcheck shell=bash source=tests/cli/lib.sh
# A plain body under a coding is searched as it is, junk behind a stream is left
# out, half a stream gives half of the matches, a bomb ends at --max-body: all
# of it is said.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
$URL/text?coding=gzip&body=<title>plain</title>%20under%20gzip
$URL/text?coding=deflate&body=<title>plain</title>%20under%20deflate
$URL/text?coding=br&body=<title>plain</title>%20under%20br
$URL/text?coding=zstd&body=<title>plain</title>%20under%20zstd
$URL/text?coding=BR,%20x-gzip&body=<title>plain</title>%20under%20both
$URL/text?coding=compress&body=<title>plain</title>
$URL/br?junk=1
$URL/zstd?junk=1
$URL/br?cut=1&size=200000
$URL/zstd?cut=1&size=200000
$URL/zstd-bomb?size=3000000000
END
fg_quiet list -e '<title>.*?</title>' -o out --max-body 300k --max-failed 4
outcomes out id outcome text_bytes matches detail
