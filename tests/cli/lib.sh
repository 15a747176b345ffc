# shellcheck shell=bash
# What the cases share. A case begins with `source "$TESTS/cli/lib.sh"`.

python=/usr/bin/python3

# skip REASON: this machine cannot run the case.
skip()
{
    echo "$*"
    exit 77
}

# fg_run ARGUMENT...: the program, allowed to ask the fault server, which fails
# on purpose: nothing is tried again unless the arguments say so.
# fg_quiet: the same without the totals on standard error.
fg_run()
{
    "$FETCHGREP" run --allow-private --retries 0 "$@"
}

fg_quiet()
{
    fg_run --progress none "$@"
}

# status COMMAND...: runs it and prints its exit status.
status()
{
    "$@"
    echo "status $?"
}

# start_server [ARGUMENT...]: starts the fault server on a free port and sets
# PORT and URL. It is ended when the case ends; it also ends by itself when
# its standard input closes. Requests are logged to requests.log unless the
# arguments say otherwise.
start_server()
{
    (($#)) || set -- --log requests.log
    coproc FAULT_SERVER { exec "$SERVER" "$@"; }
    server_pid=$FAULT_SERVER_PID
    trap stop_server EXIT
    read -r PORT <&"${FAULT_SERVER[0]}" || exit 99
    # shellcheck disable=SC2034 # for the cases
    URL=http://127.0.0.1:$PORT
}

stop_server()
{
    # shellcheck disable=SC2086 # some of them may not be there
    kill ${server_pid:-} ${dns_pid:-}
    # shellcheck disable=SC2086
    wait ${server_pid:-}
} 2>/dev/null

# start_dns: starts the scripted name server (its --help tells the script) and
# sets DNS, for --dns-servers. It ends as the fault server does. Questions are
# logged to dns.log.
start_dns()
{
    exec {dns_fd}< <(exec "$(dirname "$SERVER")/dns_server" --log dns.log)
    dns_pid=$!
    trap stop_server EXIT
    read -r DNS <&"$dns_fd" || exit 99
    # shellcheck disable=SC2034 # for the cases
    DNS=127.0.0.1:$DNS
}

# questions: the names that were asked for IPv4 addresses, sorted.
questions()
{
    awk '$3 == "A" { print $4 }' dns.log | sort
}

# start_proxy ARGUMENT...: starts a proxy_server and sets PROXY_PORT. It may be
# called again; stop_proxies ends them all.
start_proxy()
{
    exec {proxy_fd}< <(exec "$(dirname "$SERVER")/proxy_server" "$@")
    proxies+=($!)
    # shellcheck disable=SC2034 # for the cases
    read -r PROXY_PORT <&"$proxy_fd" || exit 99
}

stop_proxies()
{
    kill "${proxies[@]}"
    wait "${proxies[@]}"
} 2>/dev/null

# requests: the paths that the server was asked for, in that order.
requests()
{
    cut -d ' ' -f 3- requests.log
}

# percent TEXT: as the value of /text?body=.
percent()
{
    "$python" -c 'import sys, urllib.parse
print(urllib.parse.quote(sys.argv[1].encode("utf-8", "surrogateescape"), ""))' \
        "$1"
}

# normalize: takes out what differs from run to run.
normalize()
{
    sed -E -e "s/([][A-Za-z0-9.]):${PORT:-none}\b/\1:PORT/g" \
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/DATE/g' \
        -e 's/"ms":\{[^}]*\}/"ms":{}/g' \
        -e 's/sha1:[A-Z2-7]{32}/sha1:DIGEST/g' \
        -e 's/"warc_offset":[0-9]+/"warc_offset":N/g' \
        -e 's/\b[0-9.]+ (s|pages\/s|MB\/s)\b/N \1/g'
}

# outcomes DIR [KEY...]: a line an entry, sorted by id, with the values of
# these keys (id, outcome and status, when none are named).
outcomes()
{
    local file=$1/outcomes.jsonl
    shift
    (($#)) || set -- id outcome status
    "$python" "$TESTS/cli/fields.py" "$file" "$@" | normalize
}

# matches DIR [KEY...]: the same for matches, sorted by id, pattern, offset.
matches()
{
    local file=$1/matches.jsonl
    shift
    (($#)) || set -- id pattern offset match
    "$python" "$TESTS/cli/fields.py" "$file" "$@" | normalize
}

# warc_record TYPE URI BLOCK [FIELD...]: a record on standard output. BLOCK is
# a format of printf, FIELD a header line.
warc_record()
{
    local type=$1 uri=$2 block
    # shellcheck disable=SC2059
    block=$(printf "$3." | LC_ALL=C wc -c)
    printf 'WARC/1.0\r\nWARC-Type: %s\r\nWARC-Target-URI: %s\r\n' "$type" "$uri"
    (($# == 3)) || printf '%s\r\n' "${@:4}"
    # shellcheck disable=SC2059
    printf "Content-Length: $((block - 1))\r\n\r\n$3\r\n\r\n"
}

# arc_record LINE BLOCK: the same for ARC; LINE without the length.
arc_record()
{
    # shellcheck disable=SC2059
    printf "$1 $(($(printf "$2" | wc -c)))\n$2\n"
}

# closed_port: a port of 127.0.0.1 where nobody listens.
closed_port()
{
    "$python" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# no_host: a name that is never found, and for which no server is asked: its
# label is longer than DNS allows.
no_host()
{
    printf 'x%.0s' {1..64}
    echo .invalid
}

# use_network: sets `network`, a command to put before another one, which then
# runs in a network that can be taken away (tests/faults/network.c): it is down
# while the file `down` exists, and each connect() is a line in network.log. All
# of 127.0.0.0/8 is the fault server.
use_network()
{
    # The sanitizers' own library comes second then.
    network=(env LD_PRELOAD="$(dirname "$SERVER")/../faults/network.so"
        ASAN_OPTIONS=verify_asan_link_order=0
        NETWORK_DOWN="$PWD/down" NETWORK_LOG="$PWD/network.log")
}

fg_network()
{
    "${network[@]}" "$FETCHGREP" run --allow-private "$@"
}
