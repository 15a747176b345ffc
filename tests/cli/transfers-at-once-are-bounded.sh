# shellcheck shell=bash source=tests/cli/lib.sh
# --per-host and --concurrency hold, and a host that has answered gets more
# than one transfer at once.
source "$TESTS/cli/lib.sh"
start_server --listen 127.0.0.1 --listen 127.0.0.2 --log requests.log
for i in {1..30}; do
    echo "$URL/wait?ms=50&i=$i"
    echo "http://127.0.0.2:$PORT/wait?ms=50&i=$i"
done >list
echo "$URL/peak" >ask
peak_of()
{
    fg_quiet list -e x -o "out$*" "$@" >/dev/null
    fg_run ask -e '\d+' | cut -f 2
}
peak_of --per-host 3 --concurrency 1
peak_of --per-host 3 --concurrency 5
peak_of --per-host 3 --concurrency 60
