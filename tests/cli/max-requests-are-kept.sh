# shellcheck shell=bash source=tests/cli/lib.sh
# Over all loops and hosts, every hop and every further try counted. The
# server's log has the times.
source "$TESTS/cli/lib.sh"
start_server
asked=0
# spaced LEAST_MS: the requests since the last time, and whether so much time
# lay between the first and the last.
spaced()
{
    "$python" - "$asked" "$1" <<'END'
import sys
lines = open("requests.log").readlines()[int(sys.argv[1]):]
times = [int(line.split()[0]) for line in lines]
print(len(times), "requests",
      "spaced" if times[-1] - times[0] >= int(sys.argv[2]) else times)
END
    asked=$(wc -l <requests.log)
}
for loops in 1 2; do
    for i in {1..8}; do
        echo "$URL/ok?size=600&i=$i"
        echo "http://localhost:$PORT/redirect/1?$i"
        echo "$URL/flaky?fails=1&status=500&i=$i&loops=$loops"
    done >list
    fg_quiet list -e '<title>' --retries 1 --max-requests 40 --per-host 50 \
        --fetch-threads $loops -o out --restart
    spaced 800
    outcomes out outcome attempts | sort | uniq -c
done
# The first need not wait.
head -n 1 list >one
for rate in 0.001 1/h 3600/m; do
    status fg_quiet one -e '<title>' --max-requests $rate -o out --restart
done
# What is no rate.
for rate in 0 -1 x 5/x 1e400 /s; do
    status fg_quiet one -e x --max-requests "$rate" 2>&1
done
