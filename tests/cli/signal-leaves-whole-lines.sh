# shellcheck shell=bash source=tests/cli/lib.sh
# Stopped while pages come and others hang: the outcomes that are written are
# whole and none is there twice, and with the count of those left they make
# the manifest. Nothing is sealed.
source "$TESTS/cli/lib.sh"
mkfifo asked
exec {asked}<>asked
start_server --log asked
{
    for i in {1..200}; do echo "$URL/ok?size=20000&i=$i"; done
    for i in {1..40}; do echo "$URL/never?$i"; done
} >list
for signal in INT TERM; do
    "$FETCHGREP" run --allow-private list -e '<a [^>]*>' -o "out-$signal" \
        --per-host 64 2>"err-$signal" &
    pid=$!
    for ((count = 0; count < 40; )); do
        read -r line <&"$asked"
        [[ $line == */never* ]] && ((++count))
    done
    kill -s "$signal" $pid
    wait $pid
    echo "$signal $?"
    "$python" - "$signal" <<'END'
import glob, json, os, re, sys
out, said = f"out-{sys.argv[1]}", open(f"err-{sys.argv[1]}").read()
path, = glob.glob(out + "/gen-*/outcomes.jsonl")
lines = open(path).read().split("\n")
assert lines.pop() == "", "the last line is torn"
ids = [json.loads(line)["id"] for line in lines]
assert len(ids) == len(set(ids)) <= 200
path, = glob.glob(out + "/gen-*/matches.jsonl")
lines = open(path).read().split("\n")
assert lines.pop() == "", "the last line is torn"
assert {json.loads(line)["id"] for line in lines} == set(ids)
left = 240 - len(ids)
assert re.search(rf"\b{left}\b", said), (left, said)
assert not os.path.exists(out + "/summary.json")
print("balanced")
END
done
