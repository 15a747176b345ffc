# shellcheck shell=bash source=tests/cli/lib.sh
# What name servers say for certain is final; a server that fails or says
# nothing is asked again, as often as --retries has it. No host is harmed by
# another's name.
source "$TESTS/cli/lib.sh"
start_server
start_dns
for name in a.ok b.slow-200.ok c.nx d.empty e.fails-3.ok f.refused g.silent \
    h.silent6.ok i.many-60.ok j.cname.ok k.garbage never-heard-of l.SERVFAIL; do
    echo "http://$name.test:$PORT/ok"
done >list
{
    # Labels of 64 bytes, and none at all.
    echo "http://$(no_host):$PORT/"
    echo "http://a..ok.test:$PORT/"
} >>list
fg_quiet list -e x -o out --dns-servers "$DNS" --connect-timeout 500ms \
    --retries 1
outcomes out url outcome attempts detail
