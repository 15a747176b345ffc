# shellcheck shell=bash source=tests/cli/lib.sh
# It goes to its host as Authorization, not to the next one, and into no file.
source "$TESTS/cli/lib.sh"
start_server --listen 127.0.0.1 --listen 127.0.0.2 --log requests.log
with_user=http://someone:hush@127.0.0.1:$PORT
cat >list <<END
$with_user/ok
$with_user/status/404
$with_user/redirect-to?url=http://127.0.0.2:$PORT/headers
http://someone:hush@127.0.0.1:1/
END
fg_quiet list -e '<title>' -e '(?m)^Authorization:.*' -o out
outcomes out id outcome url
matches out id match
echo "$with_user/headers" >one
fg_run one -e '(?m)^Authorization: \w+ \w+' | normalize
fg_run list -e nothing >all 2>&1
grep -rla -e hush -e c29tZW9uZTpodXNo out all
zcat out/pages/*.gz | grep -a -e hush -e c29tZW9uZTpodXNo
true
