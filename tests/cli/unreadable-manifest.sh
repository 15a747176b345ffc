# shellcheck shell=bash source=tests/cli/lib.sh
source "$TESTS/cli/lib.sh"
echo http://127.0.0.1/ >list
chmod 000 list
chmod 755 .
as_user=()
if ((EUID == 0)); then
    as_user=(setpriv --reuid 65534 --clear-groups)
    "${as_user[@]}" test -x "$FETCHGREP" || skip "cannot become another user"
fi
status "${as_user[@]}" "$FETCHGREP" run list -e x
