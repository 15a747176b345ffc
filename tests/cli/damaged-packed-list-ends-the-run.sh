# shellcheck shell=bash source=tests/cli/lib.sh
# What stands in front of the fault is fetched; the run does not call itself
# finished.
source "$TESTS/cli/lib.sh"
start_server
"$python" - "$URL" <<'END'
import gzip, random, sys
random.seed(1)
lines = "".join(f"{sys.argv[1]}/text?body={random.random()}\n"
                for _ in range(40))
data = gzip.compress(lines.encode())
open("list.gz", "wb").write(data[:len(data) * 2 // 3])
END
status fg_quiet list.gz -e '\d+' -o out
[[ -e out/summary.json ]] || echo unfinished
(($(wc -l <requests.log) < 40)) && echo "some were fetched"
