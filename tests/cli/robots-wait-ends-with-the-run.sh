# shellcheck shell=bash source=tests/cli/lib.sh
# A stop does not wait for rules that never come; the next life asks again, and
# has to.
source "$TESTS/cli/lib.sh"
start_server --listen 127.0.0.1 --listen 127.0.0.2 --log requests.log \
    --alias 127.0.0.1/robots.txt /flaky?fails=1\&status=503\&after=30
for i in {1..30}; do
    echo "http://127.0.0.1:$PORT/ok?$i"
    echo "http://127.0.0.2:$PORT/ok?$i"
done >list
status fg_quiet list -e '<title>' --robots --retries 1 --per-host 4 \
    --deadline 1s -o out 2>stopped
normalize <stopped
status fg_quiet list -e '<title>' --retries 1 --per-host 4 -o out 2>/dev/null
status fg_quiet list -e '<title>' --robots --retries 1 --per-host 4 -o out 2>stopped
outcomes out outcome | sort | uniq -c
requests | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c
