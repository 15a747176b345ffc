#!/bin/bash
# Runs fuzz targets that `make FUZZ=1 fuzzers` has built, two at a time:
#
#   tests/fuzz/run.sh [--seconds N] [--jobs N] [NAME...]
#
# A target starts from seeds/NAME/ and keeps what it finds in
# build/fuzz/corpus/NAME/, so that the next run goes on from there. A finding is
# a file in build/fuzz/findings/, printed with the command that shows it again;
# the exit status is then 1.
set -u

fuzz_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$fuzz_dir/../.." || exit 2
out=build/fuzz
seconds=10
jobs_max=2
names=()

while (($#)); do
    case $1 in
    --seconds) seconds=$2 && shift 2 ;;
    --jobs) jobs_max=$2 && shift 2 ;;
    -*)
        echo "usage: run.sh [--seconds N] [--jobs N] [NAME...]" >&2
        exit 2
        ;;
    *) names+=("${1#fuzz_}") && shift ;;
    esac
done
if ((${#names[@]} == 0)); then
    for path in "$fuzz_dir"/fuzz_*.c; do
        name=$(basename "$path" .c)
        names+=("${name#fuzz_}")
    done
fi
mkdir -p "$out/findings" "$out/logs"

# fuzz NAME: leaves its log and its exit status.
fuzz()
{
    local name=$1 folders=("$out/corpus/$1") options=()
    mkdir -p "${folders[0]}"
    [[ -d $fuzz_dir/seeds/$name ]] && folders+=("$fuzz_dir/seeds/$name")
    [[ -e $fuzz_dir/seeds/$name.dict ]] &&
        options+=("-dict=$fuzz_dir/seeds/$name.dict")
    rm -f "$out/logs/$name.status"
    "$out/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=20 \
        -rss_limit_mb=2048 -print_final_stats=1 "${options[@]}" \
        -artifact_prefix="$out/findings/$name-" "${folders[@]}" \
        </dev/null >"$out/logs/$name.log" 2>&1
    echo $? >"$out/logs/$name.status"
}

# report NAME: what came of it; false when it found something.
report()
{
    local name=$1 log=$out/logs/$1.log status finding runs
    status=$(cat "$out/logs/$name.status" 2>/dev/null)
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [[ $status == 0 ]]; then
        echo "ok $name: ${runs:-0} runs," \
            "$(find "$out/corpus/$name" -type f | wc -l) inputs kept"
        return 0
    fi
    echo "not ok $name: exit status $status"
    grep -av '^#[0-9]\|NEW_FUNC\|^stat::' "$log" | tail -n 40 | sed 's/^/#   /'
    finding=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    if [[ $finding ]]; then
        echo "# finding: $finding"
        echo "# again:   $out/tests/fuzz/fuzz_$name $finding"
        (($(wc -c <"$finding") <= 4096)) &&
            echo "# base64:  $(base64 -w 0 "$finding")"
    fi
    return 1
}

for name in "${names[@]}"; do
    if [[ ! -x $out/tests/fuzz/fuzz_$name ]]; then
        echo "run.sh: no $out/tests/fuzz/fuzz_$name: make FUZZ=1 fuzzers" >&2
        exit 2
    fi
    while (($(jobs -rp | wc -l) >= jobs_max)); do
        wait -n
    done
    fuzz "$name" &
done
wait
failed=0
for name in "${names[@]}"; do
    report "$name" || failed=1
done
exit "$failed"
