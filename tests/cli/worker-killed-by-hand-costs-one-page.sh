# shellcheck shell=bash source=tests/cli/lib.sh
# A worker process that is killed costs the page it was at, which says so; all
# other pages are searched, once. A page that comes through a pipe holds the
# worker until this script has found it.
source "$TESTS/cli/lib.sh"
for i in {01..40}; do echo "<p $i>" >"$i.html"; done
rm 17.html
mkfifo 17.html
# next_reader PID: sets `worker` to the process that has the pipe open, a child
# of the run's child, and another one than before.
next_reader()
{
    local zygote pid fd
    for (( ; ; )); do
        read -r zygote _ <"/proc/$1/task/$1/children"
        [[ $zygote ]] || continue
        read -r pid _ <"/proc/$zygote/task/$zygote/children"
        [[ $pid && $pid != "$worker" ]] || continue
        for fd in "/proc/$pid/fd"/*; do
            [[ $fd -ef 17.html ]] && worker=$pid && return
        done
    done 2>/dev/null
}
# try NAME KILLS
try()
{
    local pid pipe worker=
    exec {pipe}<>17.html
    "$FETCHGREP" extract {01..40}.html -e '<p \d+>' --isolation processes \
        -j 1 --progress none -o "$1" {pipe}>&- &
    pid=$!
    for ((n = 0; n < $2; n++)); do
        next_reader $pid
        kill -KILL "$worker"
    done
    # The page is read once more, to be kept where pages are kept; after a
    # second death it is left alone.
    (($2 < 2)) && next_reader $pid && echo "<p 17>" >&"$pipe"
    wait $pid
    echo "status $?"
    exec {pipe}>&-
    outcomes "$1" id outcome matches detail | grep -v 'ok'
    matches "$1" match | sort | uniq -c | awk '{ n += $1 } END { print n, NR }'
}
try once 1
try twice 2
