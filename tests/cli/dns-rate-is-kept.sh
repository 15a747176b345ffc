# shellcheck shell=bash source=tests/cli/lib.sh
# Forty names at fifty a second.
source "$TESTS/cli/lib.sh"
start_server
start_dns
for i in {1..40}; do
    echo "http://$i.ok.test:$PORT/ok"
done >list
fg_quiet list -e x -o out --dns-servers "$DNS" --dns-rate 50
outcomes out outcome | sort | uniq -c
awk '$3 == "A" { last = $1; if (!count++) first = $1 }
    END { print count, (last - first >= 700 ? "slowly" : last - first) }' dns.log
