# shellcheck shell=bash source=tests/cli/lib.sh
# A directory of shards: a row each, then all together; verify goes through
# them one by one.
source "$TESTS/cli/lib.sh"
start_server
mkdir shards
for i in 1 2 3; do
    for ((n = 0; n < i; n++)); do echo "$URL/text?body=$n"; done
    echo "$URL/status/40$i"
done >list
for i in 1 2; do
    head -n $((i * 2)) list >part
    fg_quiet part -e '\d' -o shards/shard-0000$i-of-00004
done
cp -r shards/shard-00001-of-00004 shards/shard-00003-of-00004
rm shards/shard-00003-of-00004/summary.json
mkdir shards/shard-00004-of-00004
"$FETCHGREP" status shards |
    sed -E 's/ +[0-9.]+ +[0-9.]+ (s|min)$/ RATE AGE/; s/ +[0-9.]+ +-$/ RATE -/'
"$FETCHGREP" status shards --json | "$python" -c 'import json, sys
status = json.load(sys.stdin)
for shard in status["shards"]:
    print(shard["dir"], shard["state"], shard["entries"], shard.get("expected"))
print(status["all"]["dir"], status["all"]["state"], status["all"]["entries"],
      status["all"]["outcomes"])'
rm -r shards/shard-0000[34]*
status "$FETCHGREP" verify shards | sed 's/[0-9]* bytes/N bytes/'
sed -i 1d shards/shard-00002-of-00004/pages/index.cdxj
status "$FETCHGREP" verify shards | grep -E 'status|no fault|faults' |
    sed 's/[0-9]* bytes/N bytes/'
status "$FETCHGREP" status list
mkdir empty
status "$FETCHGREP" status empty
status "$FETCHGREP" verify empty
