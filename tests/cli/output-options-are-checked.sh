# shellcheck shell=bash source=tests/cli/lib.sh
# What cannot be written is refused before anything is read, and nothing is
# made.
source "$TESTS/cli/lib.sh"
echo x >page
printf 'first (?<a>.)\nsecond .\n' >patterns
printf 'a@hedaers x\n' >slip
try()
{
    "$FETCHGREP" extract page "$@" -o out 2>&1
    echo "status $?"
}
try -e x --fields id,urk
try -e x --fields ''
try -e x --fields id,
try -e x --fields id,match,id
try -e x --fields groups.1
try -e x --fields count
try -e x --count --fields match
try -e '(x)' --count --fields 1
try -f patterns --only-group a
try -e x --only-group 1
try -e '(x)' --only-group 2
try -e '(x)' --only-group 0
try -e x --format xml
try -e x --order id
try -f slip
"$FETCHGREP" fetch page -o out --format csv 2>&1
ls
