# shellcheck shell=bash source=tests/cli/lib.sh
# The soft limit is raised to the hard one; where that is too low, one line
# says so and all pages come all the same.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..200}; do echo "$URL/wait?ms=20&i=$i"; done >list
(
    ulimit -Sn 64
    status fg_quiet list -e '<title>' --concurrency 300 --per-host 300 -o soft
)
(
    ulimit -n 64
    status fg_quiet list -e '<title>' --concurrency 300 --per-host 300 -o hard
)
outcomes soft outcome | sort | uniq -c | sed 's/^ *//'
outcomes hard outcome | sort | uniq -c | sed 's/^ *//'
