# shellcheck shell=bash source=tests/cli/lib.sh
# Ten entries, of which four failed; what was refused or unreadable has not.
source "$TESTS/cli/lib.sh"
start_server
{
    for i in {1..4}; do echo "$URL/ok?$i"; done
    for i in {1..4}; do echo "$URL/status/404?$i"; done
    echo nonsense
    echo mailto:someone@example.org
} >list
for most in 3 4 5 0 39% 40% 39.5% 100% 0%; do
    fg_quiet list -e x -o "out-$most" --max-failed "$most" 2>err
    echo "$most $? $(wc -l <err)"
done
