# shellcheck shell=bash source=tests/cli/lib.sh
# --mime: a page of another type ends with its head; nothing of it is kept, and
# of an endless one nothing more is read. Redirects and errors are what they
# are.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
start_server
cat >servers <<END
server {
    listen 127.0.0.1:@PORT@;
    default_type image/png;
    location /ok { proxy_pass $URL; }
    location /status { proxy_pass $URL; }
    location /redirect { proxy_pass $URL; }
    location = /endless.png {
        proxy_pass $URL/endless;
        proxy_hide_header Content-Type;
        add_header Content-Type IMAGE/png;
    }
    location = /none { default_type ""; return 200 "<title>no type</title>"; }
    location = /xhtml {
        default_type "application/xhtml+xml; charset=utf-8";
        return 200 "<title>xhtml</title>";
    }
    location = /gone { default_type image/png; return 410 "none"; }
    location = /moved { default_type image/png; return 301 /xhtml; }
    location = /nowhere { return 304; }
}
END
trap 'nginx_stop; stop_server' EXIT
nginx_start servers || exit 1
site=http://127.0.0.1:$NGINX_PORT
printf "$site/%s\n" ok endless.png none xhtml gone moved status/404 >list
ask()
{
    fg_quiet list -e '<title>.*?</title>' -o "$1" --max-body 200k --mime "$2"
    echo "status $? of $2"
}
for types in one=text/html,application/ two=image/* three=*; do
    out=${types%%=*}
    ask "$out" "${types#*=}"
    outcomes "$out" id outcome mime bytes detail warc_offset |
        sed -E 's/[0-9]+$/KEPT/'
    matches "$out" id match
done
"$python" "$TESTS/support/warc_check.py" one/pages/*.warc.gz \
    --index one/pages/index.cdxj >/dev/null && echo "archive sound"
ask four text/html,,
ask one text/html
