# shellcheck shell=bash source=tests/cli/lib.sh
# A hundred origins that wait for one name, thirty pages of another whose
# addresses hold for no time at all, one after the other, and a third that does
# not exist: one question each.
source "$TESTS/cli/lib.sh"
start_server
start_dns
for port in {1..100}; do
    echo "http://waited-for.slow-150.ok.test:$port/"
done >list
for page in {1..30}; do
    echo "http://brief.ttl-0.ok.test:$PORT/ok?$page"
    echo "http://missing.nx.test:$PORT/ok?$page"
done >>list
fg_quiet list -e x -o out --per-host 4 --dns-servers "$DNS" --host-failures 0
outcomes out url outcome | grep -v waited-for | sed 's/?.*test/&/' |
    cut -f 1,2 | sed -E 's/\?[0-9]+//' | sort | uniq -c
wc -l <out/outcomes.jsonl
questions
