# shellcheck shell=bash source=tests/cli/lib.sh
# --cookies: a redirect's cookie opens the page behind it; it goes to no other
# host and no other port, and a Cookie of --header-for has the last word.
# Without --cookies none is sent.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
start_server
cat >servers <<END
default_type text/plain;
server {
    listen 127.0.0.1:@PORT@;
    location = /login {
        add_header Set-Cookie "session=s3cret; Path=/; HttpOnly";
        add_header Set-Cookie "old=1; Max-Age=0";
        add_header Set-Cookie "high=1; Secure";
        return 302 /home;
    }
    location = /away {
        return 302 http://127.0.0.2:@PORT@/seen;
    }
    location = /port {
        return 302 $URL/headers;
    }
    location = /home {
        if (\$cookie_session != s3cret) { return 403; }
        return 200 "<title>welcome</title> cookies: \$http_cookie";
    }
}
server {
    listen 127.0.0.2:@PORT@;
    return 200 "<title>elsewhere</title> cookies: \$http_cookie";
}
END
trap 'nginx_stop; stop_server' EXIT
nginx_start servers || exit 1
site=http://127.0.0.1:$NGINX_PORT
printf '%s\n' "$site/login" "$site/home" "$site/away" "$site/port" >list
for option in --cookies ''; do
    fg_quiet list -e 'cookies: .*|(?m)^Cookie:.*' -o "out$option" \
        --concurrency 1 ${option:+"$option"}
    outcomes "out$option" id outcome status
    matches "out$option" id match
done
zcat out--cookies/pages/*.gz | grep -a -h '^Cookie: ' | sort | uniq -c
fg_quiet list -e 'cookies: .*' -o own --concurrency 1 --cookies \
    --header-for 127.0.0.1 'Cookie: session=s3cret; mine=1'
matches own id match
zcat own/pages/*.gz | grep -a -c $'^Cookie: \*\*\*\r'
fg_quiet list -e 'cookies: .*' -o forked --concurrency 1 --cookies \
    --isolation processes
zcat forked/pages/*.gz | grep -a -h '^Cookie: ' | sort | uniq -c
