# shellcheck shell=bash source=tests/cli/lib.sh
# Killed outright, a run leaves no process behind: all of them hold its standard
# output, a pipe that ends when the last has gone. A signal to all of them at
# once, as a terminal sends it, is the run's to answer.
source "$TESTS/cli/lib.sh"
for i in 1 2 3; do echo "<p $i>" >"$i.html"; done
mkfifo stuck.html results
setsid "$FETCHGREP" extract {1..3}.html stuck.html -e '<p \d>' \
    --isolation processes -j 2 >results &
pid=$!
exec {results}<results
exec {pipe}>stuck.html # a worker has it open
kill -KILL $pid
cat <&"$results" >/dev/null && echo "all gone"
wait $pid
echo "status $?"
exec {pipe}>&-

setsid "$FETCHGREP" extract {1..3}.html stuck.html -e '<p \d>' \
    --isolation processes -j 1 2>err &
pid=$!
exec {pipe}>stuck.html
kill -INT -$pid
# The page at work is brought to its end.
echo "<p 4>" >&"$pipe"
exec {pipe}>&-
wait $pid
status=$?
# Answered, unless the page had ended first.
[[ $status = 130 ]] && grep -q 'stopped by INT: 4 entries done' err && status=0
echo "status $status"
