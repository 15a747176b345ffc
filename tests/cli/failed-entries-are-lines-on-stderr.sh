# shellcheck shell=bash source=tests/cli/lib.sh
# Without -o: one line each, the good ones' matches on standard output alone.
source "$TESTS/cli/lib.sh"
start_server
{
    echo "$URL/ok"
    echo "$URL/status/404"
    echo "not a url"
    echo "http://127.0.0.1:$(closed_port)/"
    echo "ftp://127.0.0.1/file"
    echo "$URL/garbage"
} >list
fg_run list -e '<title>.*?</title>' 2>err | normalize
echo "status ${PIPESTATUS[0]}"
sed -E 's|:[0-9]+/|:N/|' err | sort >&2
