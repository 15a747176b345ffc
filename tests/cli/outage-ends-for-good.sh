# shellcheck shell=bash source=tests/cli/lib.sh
# A network that stays away: after --outage-wait failures count, and the run
# ends. A few dead hosts are no outage, and nobody waits for them.
source "$TESTS/cli/lib.sh"
use_network
touch down network.log
for i in {1..40}; do echo "http://127.0.1.$i:9/"; done >list
status fg_network list -e x -o out --retries 1 --host-failures 2 \
    --progress plain --outage-probe 50ms --outage-wait 300ms 2>&1 | normalize
outcomes out outcome attempts detail | sort | uniq -c
head -n 4 list >few
status fg_network few -e x -o few-out --retries 1 --host-failures 2 \
    --progress plain 2>&1 | normalize
outcomes few-out outcome attempts detail | sort | uniq -c
head -n 30 list >dead
status fg_network dead -e x --retries 0 --progress none --outage-wait 0 2>&1 |
    sed -E "s|127[0-9.]+|ADDRESS|" | sort | uniq -c
