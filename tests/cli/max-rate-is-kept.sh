# shellcheck shell=bash source=tests/cli/lib.sh
# Bytes a second over all transfers and loops; and nothing is called stalled or
# late because it was held back, though each page takes longer than the
# time-outs.
source "$TESTS/cli/lib.sh"
start_server
# rate BYTES LOOPS SECONDS [OPTION...]: 20 pages that take so long together.
rate()
{
    local size=$(($1 * $3 / 20 - 100)) begin end
    for i in {1..20}; do echo "$URL/wait?ms=20&size=$size&i=$i"; done >list
    begin=$(date +%s%N)
    fg_quiet list -e '<title>' --max-rate "$1" --fetch-threads "$2" \
        --per-host 20 --store none -o out --restart "${@:4}"
    end=$(date +%s%N)
    outcomes out outcome | sort | uniq -c
    # Not faster; slower only as this machine may be.
    (((end - begin) / 1000000 >= $3 * 950)) ||
        echo "$(((end - begin) / 1000000)) ms"
    (((end - begin) / 1000000 <= $3 * 1000 + 8000)) ||
        echo "$(((end - begin) / 1000000)) ms"
}
rate 50000 1 2 --stall-timeout 300ms --timeout 1s --connect-timeout 1s
rate 400000 2 1 --stall-timeout 300ms --timeout 500ms
rate 8000000 2 1
# A server that does stall is found out as soon as there is time.
echo "$URL/stall?after=100" >>list
fg_quiet list -e '<title>' --max-rate 8M --per-host 20 --stall-timeout 300ms \
    --store none -o out --restart
outcomes out outcome | sort | uniq -c
