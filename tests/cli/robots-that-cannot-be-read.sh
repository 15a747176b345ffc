# shellcheck shell=bash source=tests/cli/lib.sh
# Servers that answer for robots.txt with something else harm themselves alone.
source "$TESTS/cli/lib.sh"
start_server --listen 127.0.0.1 --listen 127.0.0.2 --listen 127.0.0.3 \
    --listen 127.0.0.4 --log requests.log \
    --alias 127.0.0.1/robots.txt /endless \
    --alias 127.0.0.2/robots.txt /never \
    --alias 127.0.0.3/robots.txt /garbage \
    --alias 127.0.0.4/robots.txt '/gzip-bomb?size=50000000' \
    --alias localhost/robots.txt /redirect-file
for host in 127.0.0.{1,2,3,4} localhost; do
    for i in 1 2 3; do echo "http://$host:$PORT/ok?$i"; done
done >list
echo "http://127.0.0.1:1/" >>list
fg_quiet list -e '<title>' --robots --timeout 1.5s --max-body 2M -o out
outcomes out outcome detail | sort | uniq -c | normalize
cut -d ' ' -f 2- requests.log | sort | uniq -c | normalize
