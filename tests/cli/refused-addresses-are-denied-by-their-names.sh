# shellcheck shell=bash source=tests/cli/lib.sh
# All addresses of a name are refused: denied, without a connection. Where some
# are allowed, those are used. A name server's word does not get round the rule.
source "$TESTS/cli/lib.sh"
start_server
start_dns
cat >list <<URLS
http://a.ip-10-0-0-1.test/
http://b.ip-169-254-169-254.ip-192-168-1-1.test/latest/meta-data/
http://c.ok.test:$PORT/ok
http://d.ip-127-0-0-5.ok.test:$PORT/ok
http://e.v6.test/
URLS
status "$FETCHGREP" run --progress none list -e x -o none --dns-servers "$DNS"
outcomes none url outcome detail
requests
status "$FETCHGREP" run --progress none list -e x -o some --dns-servers "$DNS" \
    --allow-private=127.0.0.1 --retries 0
outcomes some url outcome ip
requests
