# shellcheck shell=bash source=tests/cli/lib.sh
# Some 13,000 requests at four hosts, with redirects between them and tries again:
# no host ever answers more at once than --per-host allows, by its own count.
source "$TESTS/cli/lib.sh"
hosts=(--listen 127.0.0.1 --listen 127.0.0.2 --listen 127.0.0.3 --listen 127.0.0.4)
start_server "${hosts[@]}"
"$python" - "$PORT" <<'END' >list
import random, sys
draw, port = random.Random(1), sys.argv[1]
for n in range(1000):
    for host in range(1, 5):
        to = f"http://127.0.0.{draw.randint(1, 4)}:{port}"
        path = draw.choice([f"/wait?ms={draw.randint(0, 3)}&n={n}", "/ok",
                            f"/redirect-to?url={to}/wait?ms=1",
                            "/redirect/3", "/flaky?fails=1&status=0&n=%d" % n])
        print(f"http://127.0.0.{host}:{port}{path}")
END
for limit in 2 8; do
    "$FETCHGREP" run list -e '<title>' --allow-private --progress none -o "out$limit" \
        --per-host "$limit" --fetch-threads 2 --concurrency 200
    outcomes "out$limit" outcome | sort | uniq -c
    most=$(echo "$URL/peak?each" | fg_quiet - -e '\d+' | cut -f 2 | sort -n | tail -1)
    ((most <= limit && most > limit / 2)) && echo "at most $limit"
done
