# shellcheck shell=bash source=tests/cli/lib.sh
# --resolve and a hosts file: the former goes before, for its port alone; of
# several addresses the one that answers is used; localhost is never asked for.
source "$TESTS/cli/lib.sh"
start_server
start_dns
cat >hosts <<HOSTS
# comment
127.0.0.1	one.example two.example # and more
127.0.0.99	three.example
fe80::1%eth0	four.example
HOSTS
cat >list <<URLS
http://one.example:$PORT/ok
http://TWO.example.:$PORT/ok
http://three.example:$PORT/ok
http://four.example:$PORT/ok
http://five.example:$PORT/ok
http://six.ok.test:$PORT/ok
http://localhost:$PORT/ok
http://any.localhost:$PORT/ok
http://127.0.0.1:$PORT/ok
URLS
fg_quiet list -e x -o out --dns-servers "$DNS" --hosts-file hosts \
    --resolve "three.example:$PORT:127.0.0.98,[::1],127.0.0.1" \
    --resolve "five.example:$PORT:127.0.0.1" --resolve five.example:1:127.0.0.2
outcomes out url outcome ip
echo "asked for: $(questions)"
fg_quiet list -e x -o any --resolve "*:$PORT:127.0.0.1" --dns-servers "$DNS"
outcomes any url outcome ip
echo "asked for: $(questions)"
