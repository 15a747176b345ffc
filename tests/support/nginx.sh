# shellcheck shell=bash
#
# nginx.sh - a private nginx on a free loopback port, for the demo, the tests
# and the benchmarks. To be sourced by bash:
#
#     . tests/support/nginx.sh
#     trap nginx_stop EXIT
#     nginx_serve_site data/site          # or: nginx_serve_dir DIR
#     curl "http://127.0.0.1:$NGINX_PORT/"
#
# nginx_serve_dir DIR     serves the files of DIR, plainly and fast
# nginx_serve_site DIR    serves a site as data/site/ is made (see its
#                         servers.conf), from a copy
# nginx_start SERVERS     serves what the file SERVERS says: the `server` blocks
#                         of an nginx configuration. @PORT@ stands for the port;
#                         relative paths start at NGINX_DIR
# nginx_stop              stops it and removes NGINX_DIR; does nothing when none
#                         runs
#
# The first three return 0 once nginx listens, else 1 after a message, with
# nothing left behind. They set
#
#     NGINX_PORT   the port, the same on 127.0.0.1, 127.0.0.2 and 127.0.0.3
#     NGINX_DIR    its private directory: configuration, pid file, error.log
#     NGINX_PID    the master process
#
# One nginx at a time a shell. It runs as an ordinary user: root starts it as
# nobody, and keeps it for itself only where nobody could not read the files.
# To give another process the port, print NGINX_PORT; to keep it beyond the
# shell, do not set the trap.

NGINX_PORT='' NGINX_DIR='' NGINX_PID=''

nginx_serve_dir() {
    local dir
    dir=$(CDPATH='' cd -- "$1" && pwd -P) || return 1
    nginx_make_dir || return 1
    ln -s -- "$dir" "$NGINX_DIR/files"
    cat >"$NGINX_DIR/servers.in" <<'END'
server {
    listen 127.0.0.1:@PORT@ backlog=4096;
    listen 127.0.0.2:@PORT@ backlog=4096;
    listen 127.0.0.3:@PORT@ backlog=4096;
    root files;
}
END
    nginx_launch "$dir"
}

nginx_serve_site() {
    nginx_make_dir || return 1
    if ! cp -R -- "$1" "$NGINX_DIR/site.in" ||
        ! mv -- "$NGINX_DIR/site.in/servers.conf" "$NGINX_DIR/servers.in"; then
        nginx_stop
        return 1
    fi
    nginx_launch
}

nginx_start() {
    nginx_make_dir || return 1
    if ! cp -- "$1" "$NGINX_DIR/servers.in"; then
        nginx_stop
        return 1
    fi
    nginx_launch
}

nginx_stop() {
    local i
    if [[ -n $NGINX_PID ]]; then
        # The master removes its pid file when all its workers have ended.
        kill -TERM "$NGINX_PID" 2>/dev/null || rm -f -- "$NGINX_DIR/nginx.pid"
        for ((i = 0; i < 500; i++)); do
            [[ -e $NGINX_DIR/nginx.pid ]] || break
            sleep 0.01
        done
        # It leads a process group of its own: this ends master and workers.
        ((i < 500)) || kill -KILL -- "-$NGINX_PID" 2>/dev/null || :
    fi
    [[ -z $NGINX_DIR ]] || rm -rf -- "$NGINX_DIR"
    NGINX_PORT='' NGINX_DIR='' NGINX_PID=''
}

# ---- below: not for callers --------------------------------------------------

nginx_say() {
    printf 'nginx.sh: %s\n' "$*" >&2
}

nginx_make_dir() {
    local nginx
    if [[ -n $NGINX_DIR ]]; then
        nginx_say "one nginx runs already, at $NGINX_DIR"
        return 1
    fi
    # Debian keeps nginx where an ordinary user's PATH does not look.
    if ! nginx=$(PATH=$PATH:/usr/sbin:/sbin command -v nginx); then
        nginx_say 'nginx is not installed (Debian: nginx-light)'
        return 1
    fi
    NGINX_DIR=$(mktemp -d "${TMPDIR:-/tmp}/nginx.XXXXXX") || return 1
    ln -s -- "$nginx" "$NGINX_DIR/nginx"
    mkdir -- "$NGINX_DIR/temp"
}

# Paths in it are relative, and NGINX_DIR is where nginx runs: whatever
# characters the directory's name has, none needs quoting.
nginx_write_main() {
    local files
    files=$(ulimit -Hn)
    [[ $files != unlimited ]] && ((files < 10000)) || files=10000
    cat >"$NGINX_DIR/nginx.conf" <<END
$1
daemon on;
pid nginx.pid;
error_log error.log warn;
worker_processes 1;
worker_rlimit_nofile $files;
events { worker_connections $((files / 2)); }
http {
    access_log off;
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_body_temp_path temp/body;
    proxy_temp_path temp/proxy;
    fastcgi_temp_path temp/fastcgi;
    uwsgi_temp_path temp/uwsgi;
    scgi_temp_path temp/scgi;
    types {
        text/html html htm;
        text/css css;
        text/plain txt;
        text/javascript js;
        text/xml xml;
        application/json json;
        application/gzip gz;
        image/png png;
        image/svg+xml svg;
    }
    include servers.conf;
}
END
}

# Chooses who nginx runs as: sets NGINX_AS, a command to put before it, and
# writes the configuration. $1: a directory whose files it must be able to read.
nginx_choose_user() {
    NGINX_AS=()
    nginx_write_main ''
    ((EUID == 0)) || return 0
    NGINX_AS=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    # shellcheck disable=SC2016 # for the inner shell
    if ! chown -hR nobody:nogroup -- "$NGINX_DIR" 2>/dev/null ||
        ! "${NGINX_AS[@]}" sh -c 'test -w "$1" && cd "$2" &&
            test -z "$(find -L . ! -readable -print -quit 2>&1)"' \
            sh "$NGINX_DIR" "$1" 2>/dev/null; then
        chown -hR root -- "$NGINX_DIR"
        NGINX_AS=()
        nginx_write_main 'user root;'
    fi
}

# Fills servers.conf and site/ for a port. The files below a folder `gzip` are
# compressed, for `gzip_static always`.
nginx_fill() {
    local expression="s/@PORT@/$1/g"
    LC_ALL=C sed "$expression" "$NGINX_DIR/servers.in" \
        >"$NGINX_DIR/servers.conf" || return 1
    if [[ -d $NGINX_DIR/site.in ]]; then
        rm -rf -- "$NGINX_DIR/site" &&
            cp -R -- "$NGINX_DIR/site.in" "$NGINX_DIR/site" &&
            find "$NGINX_DIR/site" -type f \
                -exec env LC_ALL=C sed -i "$expression" {} + &&
            find "$NGINX_DIR/site" -path '*/gzip/*' -type f \
                -exec gzip -9n {} + || return 1
    fi
    # Whatever the caller's umask: it need not be the caller who reads.
    chmod -R a+rX -- "$NGINX_DIR"
}

# Whether somebody listens there. nginx itself would try for 2.5 s.
nginx_port_is_taken() {
    local address
    for address in 127.0.0.1 127.0.0.2 127.0.0.3; do
        (exec 3<>"/dev/tcp/$address/$1") 2>/dev/null && return 0
    done
    return 1
}

# Runs nginx until it has bound its addresses and gone to the background. It
# must not keep our files open: who reads a pipe of ours would wait for it.
nginx_try() (
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        ((fd <= 2 || fd == 255)) || exec {fd}>&-
    done
    cd -- "$NGINX_DIR" && exec "${NGINX_AS[@]}" ./nginx -p ./ -c nginx.conf \
        -e error.log </dev/null >/dev/null 2>start.log
)

# The pid file is written after nginx has gone to the background.
nginx_read_pid() {
    local i
    for ((i = 0; i < 500; i++)); do
        if [[ -s $NGINX_DIR/nginx.pid ]]; then
            read -r NGINX_PID <"$NGINX_DIR/nginx.pid"
            return 0
        fi
        sleep 0.01
    done
    nginx_say 'no pid file after 5 s'
    return 1
}

# $1: a directory outside of NGINX_DIR that is served, if any.
nginx_launch() {
    local port try
    nginx_choose_user "${1:-$NGINX_DIR}"
    for ((try = 0; try < 20; try++)); do
        # Below the ports that outgoing connections take.
        port=$((10000 + RANDOM % 22000))
        nginx_port_is_taken "$port" && continue
        nginx_fill "$port" || break
        if nginx_try; then
            nginx_read_pid || break
            # shellcheck disable=SC2034 # for the caller
            NGINX_PORT=$port
            return 0
        fi
        # 98 is EADDRINUSE: somebody was faster.
        grep -q 'bind().*(98:' "$NGINX_DIR/start.log" || break
        rm -f -- "$NGINX_DIR/error.log"
    done
    nginx_say 'nginx does not start:'
    cat -- "$NGINX_DIR/start.log" >&2 || :
    nginx_stop
    return 1
}
