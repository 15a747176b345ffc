# shellcheck shell=bash source=tests/cli/lib.sh
# A robots.txt that is tried again, or lies at a host whose own entries wait
# for theirs, is one fetch all the same, and no entry waits for ever: those that
# wait have all places of their hosts meanwhile.
source "$TESTS/cli/lib.sh"
rules='/text?body=User-agent:*%0ADisallow:/status'
start_server --listen 127.0.0.1 --listen 127.0.0.2 --listen 127.0.0.3 \
    --listen 127.0.0.4 --log requests.log \
    --alias 127.0.0.1/robots.txt '/flaky?fails=1&status=503&after=1' \
    --alias 127.0.0.2/robots.txt '/redirect-to?url=http://127.0.0.3:{port}/2' \
    --alias 127.0.0.3/robots.txt '/redirect-to?url=http://127.0.0.2:{port}/3' \
    --alias 127.0.0.3/2 "$rules" --alias 127.0.0.2/3 "$rules" \
    --alias 127.0.0.4/robots.txt '/redirect-to?url=http://127.0.0.3:1/'
# The page must not be there before the others: the places must be taken.
for host in 1 2 3 4; do
    for i in {1..20}; do echo "http://127.0.0.$host:$PORT/ok?$i"; done
    echo "http://127.0.0.$host:$PORT/status/500"
done >list
fg_quiet list -e '<title>' --robots --retries 1 --per-host 3 \
    --fetch-threads 2 -o out
outcomes out outcome detail | sort | uniq -c | normalize
cut -d ' ' -f 2- requests.log | grep -v -e '/ok?' | sort | uniq -c | normalize
