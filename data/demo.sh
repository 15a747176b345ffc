#!/usr/bin/env bash
#
# demo.sh - the whole way, on this machine alone: a small site served by nginx
# on loopback addresses, fetched and searched by fetchgrep, then searched again
# from the pages it kept. `make demo` builds the program and runs this.
#
# Results stay in build/demo/. It ends with status 0 only if every URL of the
# list came out as it should.

set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=tests/support/nginx.sh disable=SC1091
. tests/support/nginx.sh

out=build/demo

# Prints a command as one would type it.
print_command() {
    local word
    printf '\n$'
    for word; do
        [[ $word =~ ^[A-Za-z0-9_./=-]+$ ]] || word="'$word'"
        printf ' %s' "$word"
    done
}

# Says what it does, then does it.
show() {
    print_command "$@"
    printf '\n'
    "$@"
}

# show_into FILE COMMAND...: the same, with the output going to FILE.
show_into() {
    local file=$1
    shift
    print_command "$@"
    printf ' >%s\n' "$file"
    "$@" >"$file"
}

say() {
    printf '\n%s\n' "$@"
}

fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# expect N TEXT FILE: exactly N lines of FILE hold TEXT.
expect() {
    local count
    count=$(grep -cF -- "$2" "$3" || :)
    [[ $count == "$1" ]] || fail "$3: $count lines with $2, expected $1"
}

[[ -x build/fetchgrep ]] || fail 'build/fetchgrep is missing: run make first'
rm -rf -- "$out"
mkdir -p -- "$out"

# ---- a site and a list -------------------------------------------------------

trap nginx_stop EXIT
nginx_serve_site data/site
say "nginx serves data/site/ on three hosts, first http://127.0.0.1:$NGINX_PORT/"

# The port differs from time to time: it was free just now.
sed "s/@PORT@/$NGINX_PORT/" data/manifests/demo.txt.in >"$out/manifest.txt"
entries=$(grep -vc -e '^#' -e '^$' "$out/manifest.txt")
say "$out/manifest.txt lists $entries entries; five of them have to fail."

# ---- fetch and search --------------------------------------------------------

show build/fetchgrep run "$out/manifest.txt" -f data/patterns/page-meta.txt \
    -o "$out/run" --allow-private

say 'The first matches, one a line:'
show head -n 5 "$out/run/matches.jsonl"

say 'What became of the entries that are not ok:'
show grep -v '"outcome":"ok"' "$out/run/outcomes.jsonl"

say 'All in all:'
show cat "$out/run/summary.json"

# Every entry has exactly one outcome, and the right one.
outcomes=$out/run/outcomes.jsonl
expect "$entries" '"outcome":' "$outcomes"
expect 35 '"outcome":"ok"' "$outcomes"
expect 1 '"outcome":"http-error","status":404' "$outcomes"
expect 1 '"outcome":"too-many-redirects"' "$outcomes"
expect 1 '"outcome":"connect-failed"' "$outcomes"
expect 1 '"outcome":"denied"' "$outcomes"
expect 1 '"outcome":"invalid-url"' "$outcomes"
# Each page that is ok has one title.
expect 35 '"pattern":"title"' "$out/run/matches.jsonl"

# ---- search again, offline ---------------------------------------------------

nginx_stop
say 'nginx is stopped. The pages are kept as WARC, and are searched again:'
show ls -l "$out/run/pages"
show_into "$out/emails.txt" \
    build/fetchgrep extract "$out/run" -f data/patterns/emails.txt
show head -n 8 "$out/emails.txt"

addresses=$(cut -f 2 "$out/emails.txt" | LC_ALL=C sort -u | wc -l)
((addresses == 29)) || fail "$addresses different addresses, expected 29"
say "$addresses different addresses. All of it is in $out/."
