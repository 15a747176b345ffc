# shellcheck shell=bash source=tests/cli/lib.sh
# Patterns that explode, each on its attack string: the search ends within
# --page-time and a second, and the other patterns' matches stand.
source "$TESTS/cli/lib.sh"
"$python" "$TESTS/cli/catastrophic.py" "$FETCHGREP"
