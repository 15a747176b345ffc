# shellcheck shell=bash source=tests/cli/lib.sh
# --allow-private=127.0.0.1: neither another loopback address nor a private
# one is asked, first or after a redirect.
source "$TESTS/cli/lib.sh"
start_server --listen 127.0.0.1 --listen 127.0.0.2 --log requests.log
other=http://127.0.0.2:$PORT
cat >list <<END
$URL/ok
$other/direct
$URL/redirect-to?url=$other/redirected
$URL/redirect-private
$URL/redirect-to?url=http://[::1]:$PORT/mapped
$URL/redirect-to?url=//127.0.0.2:$PORT/relative
END
"$FETCHGREP" run --progress none list -e '<title>' -o one \
    --allow-private=127.0.0.1
outcomes one
requests | grep -c -x -e /direct -e /redirected -e /mapped -e /relative
"$FETCHGREP" run --progress none list -e '<title>' -o two \
    --allow-private=192.168.0.0/16,127.0.0.0/30
outcomes two
