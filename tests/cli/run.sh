#!/bin/bash
# Runs the command-line cases, each in a fresh directory, two at a time:
#
#   tests/cli/run.sh [--program PATH] [--server PATH] [--timeout S] [--update]
#                    [NAME...]
#
# A case NAME.sh is a bash script. Its standard output must equal NAME.stdout
# and its exit status NAME.exit (without these files: nothing, 0). Its standard
# error must match NAME.stderr.glob line by line, each line a glob pattern; a
# line "*" stands for any number of lines; without the file nothing may be
# said. Exit status 77 means skipped, the reason the last line of output. --update
# records NAME.stdout anew: read the difference before you keep it.
#
# A case finds FETCHGREP, SERVER (tests/server/fault_server), DATA and TESTS
# (folders) in its environment, and its helpers in tests/cli/lib.sh.
set -u

cli_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_dir=$(dirname "$(dirname "$cli_dir")")
program=$top_dir/build/release/fetchgrep
server=$top_dir/build/release/tests/server/fault_server
timeout_s=60
is_update=
jobs_max=2
names=()

usage()
{
    echo "usage: run.sh [--program PATH] [--server PATH] [--timeout S]" \
        "[--update] [NAME...]" >&2
    exit 2
}

while (($#)); do
    case $1 in
    --program | --server | --timeout)
        (($# > 1)) || usage
        case $1 in
        --program) program=$(realpath "$2") ;;
        --server) server=$(realpath "$2") ;;
        --timeout) timeout_s=$2 ;;
        esac
        shift 2
        ;;
    --update) is_update=1 && shift ;;
    -*) usage ;;
    *) names+=("$(basename "$1" .sh)") && shift ;;
    esac
done

if ((${#names[@]} == 0)); then
    for path in "$cli_dir"/*.sh; do
        name=$(basename "$path" .sh)
        [[ $name == run || $name == lib ]] || names+=("$name")
    done
fi
for file in "$program" "$server"; do
    if [[ ! -x $file ]]; then
        echo "run.sh: $file is not there: build it first" >&2
        exit 2
    fi
done

root=$(mktemp -d "${TMPDIR:-/tmp}/fetchgrep-cli.XXXXXX") || exit 2
trap 'rm -rf "$root"' EXIT

# lines_match TEXT_AT GLOB_AT: do text[TEXT_AT...] match glob[GLOB_AT...]?
lines_match()
{
    local t=$1 g=$2
    while ((g < ${#glob[@]})); do
        if [[ ${glob[g]} == "*" ]]; then
            ((g + 1 == ${#glob[@]})) && return 0
            for (( ; t <= ${#text[@]}; t++)); do
                lines_match "$t" $((g + 1)) && return 0
            done
            return 1
        fi
        # shellcheck disable=SC2053 # a pattern is meant
        ((t < ${#text[@]})) && [[ ${text[t]} == ${glob[g]} ]] || return 1
        ((++t, ++g))
    done
    ((t == ${#text[@]}))
}

# check_stderr NAME FILE
check_stderr()
{
    local text=() glob=()
    mapfile -t text <"$2"
    if [[ -e $cli_dir/$1.stderr.glob ]]; then
        mapfile -t glob <"$cli_dir/$1.stderr.glob"
    fi
    lines_match 0 0 && return
    echo "standard error, which matches no $1.stderr.glob:"
    tail -n 40 "$2"
    return 1
}

# check_stdout NAME FILE
check_stdout()
{
    local expected=$cli_dir/$1.stdout
    if [[ $is_update ]]; then
        cp "$2" "$expected"
        [[ -s $expected ]] || rm "$expected"
        return 0
    fi
    [[ -e $expected ]] || expected=/dev/null
    diff -au --label expected --label output "$expected" "$2"
}

# check_status NAME STATUS
check_status()
{
    local expected=0
    if [[ -e $cli_dir/$1.exit ]]; then
        expected=$(<"$cli_dir/$1.exit")
    fi
    (($2 == expected)) && return
    echo "exit status $2, expected $expected"
    (($2 == 124)) && echo "(longer than $timeout_s s)"
    return 1
}

# run_case NAME: leaves NAME.result (ok, failed, skipped) and NAME.says.
run_case()
{
    local name=$1 dir=$root/$1 result=ok status
    mkdir "$dir" && cd "$dir" || exit 2
    env -u http_proxy -u https_proxy -u all_proxy -u ALL_PROXY -u no_proxy \
        -u HTTPS_PROXY -u NO_PROXY LC_ALL=C.UTF-8 TZ=UTC \
        FETCHGREP="$program" SERVER="$server" TESTS="$top_dir/tests" \
        DATA="$top_dir/data" timeout -k 5 "$timeout_s" \
        bash "$cli_dir/$name.sh" </dev/null >"$dir.stdout" 2>"$dir.stderr"
    status=$?
    if ((status == 77)); then
        result=skipped
        tail -n 1 "$dir.stdout" >"$dir.says"
    else
        {
            check_status "$name" "$status" || result=failed
            check_stdout "$name" "$dir.stdout" || result=failed
            check_stderr "$name" "$dir.stderr" || result=failed
        } >"$dir.says"
    fi
    echo "$result" >"$dir.result"
    rm -rf "$dir"
}

passed=0 failed=0 skipped=0 number=0

# report NAME: prints the result of a case that has ended.
report()
{
    local says=$root/$1.says
    ((++number))
    case $(cat "$root/$1.result" 2>/dev/null) in
    ok) ((++passed)) && echo "ok $number - $1" ;;
    skipped) ((++skipped)) && echo "ok $number - $1 # skip $(<"$says")" ;;
    *)
        ((++failed))
        echo "not ok $number - $1"
        sed 's/^/#   /' "$says"
        ;;
    esac
}

for name in "${names[@]}"; do
    if [[ ! -e $cli_dir/$name.sh ]]; then
        echo "there is no tests/cli/$name.sh" >"$root/$name.says"
        echo failed >"$root/$name.result"
        continue
    fi
    while (($(jobs -rp | wc -l) >= jobs_max)); do
        wait -n
    done
    run_case "$name" &
    while ((number < ${#names[@]})) && [[ -e $root/${names[number]}.result ]]; do
        report "${names[number]}"
    done
done
wait
while ((number < ${#names[@]})); do
    report "${names[number]}"
done

echo "$passed passed, $failed failed${skipped:+, $skipped skipped}"
((failed == 0))
