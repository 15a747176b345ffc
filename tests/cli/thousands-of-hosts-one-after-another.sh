# shellcheck shell=bash source=tests/cli/lib.sh
# More hosts than names are kept open for and than one multi handle serves, some
# of their answers long under way while others come and go.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..5000}; do
    if ((i % 500)); then
        echo "http://host-$i.example:$PORT/ok"
    else
        echo "http://host-$i.example:$PORT/wait?ms=1000"
    fi
done >list
fg_quiet list -e x -o out --fetch-threads 1 --concurrency 32 \
    --resolve "*:$PORT:127.0.0.1"
outcomes out outcome | sort | uniq -c
requests | wc -l
