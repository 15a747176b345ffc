# shellcheck shell=bash source=tests/cli/lib.sh
# Without --allow-private: however the address is written, no request is made.
source "$TESTS/cli/lib.sh"
start_server
cat >list <<END
http://127.0.0.1:$PORT/ok
http://127.9.9.9:$PORT/ok
http://localhost:$PORT/ok
http://2130706433:$PORT/ok
http://0x7f.1:$PORT/ok
http://017700000001:$PORT/ok
http://example.org@127.0.0.1:$PORT/ok
http://0.0.0.0:$PORT/ok
http://[::1]:$PORT/ok
http://[::]:$PORT/ok
http://[::ffff:127.0.0.1]:$PORT/ok
http://[::127.0.0.1]:$PORT/ok
http://[64:ff9b::7f00:1]:$PORT/ok
http://10.0.0.1/
http://172.16.0.1/
http://192.168.1.1/
http://100.64.0.1/
http://169.254.169.254/latest/meta-data/
http://[fd00:ec2::254]/
http://[fe80::1]/
http://[fc00::1]/
http://224.0.0.1/
http://255.255.255.255/
http://[ff02::1]/
END
status "$FETCHGREP" run --progress none list -e x -o out --connect-timeout 2s
outcomes out
requests
