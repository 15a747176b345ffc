# shellcheck shell=bash source=tests/cli/lib.sh
# Name servers that cannot tell are an outage of the network, and cost no
# entry either; names that they say do not exist are not. Nor does an outage deny
# anything for want of a robots.txt.
source "$TESTS/cli/lib.sh"
start_server
start_dns
for i in {1..40}; do echo "http://a$i.fails-4.ok.test:$PORT/ok?size=600"; done \
    >list
status fg_run list -e '<title>' -o out --dns-servers "$DNS" --robots \
    --progress plain --outage-probe 50ms 2>&1 | normalize
outcomes out outcome attempts | sort | uniq -c
for i in {1..40}; do echo "http://a$i.nx.test:$PORT/"; done >missing
echo "http://a.ok.test:$PORT/ok?size=600" >>missing
status fg_run missing -e '<title>' -o missing-out --dns-servers "$DNS" \
    --progress plain 2>&1 | normalize
