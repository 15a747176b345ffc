# shellcheck shell=bash source=tests/cli/lib.sh
# Before the first fetch.
source "$TESTS/cli/lib.sh"
for wrong in example.org example.org:80 example.org:80: example.org:0:127.0.0.1 \
    example.org:80:127.0.0.1,x :80:127.0.0.1 example.org:65536:127.0.0.1; do
    fg_run x -e x --resolve "$wrong" 2>&1
done
for wrong in '' example.org 127.0.0.1:0 '127.0.0.1,,' ::1:x '[::1]:70000'; do
    fg_run x -e x --dns-servers "$wrong" 2>&1
done
status fg_run x -e x --hosts-file nowhere 2>&1
status fg_run x -e x --hosts-file . 2>&1
