# shellcheck shell=bash source=tests/cli/lib.sh
# A robots.txt of the list is fetched as an entry too, always allowed; what an
# earlier run knows of that page is no condition for the rules.
source "$TESTS/cli/lib.sh"
start_server --log requests.log --alias /robots.txt '/etag?etag=a'
printf '%s\n' "$URL/robots.txt" "$URL/ok" >list
for options in '-o one' '-o two --since one'; do
    # shellcheck disable=SC2086 # words
    fg_quiet list -e 'version (\d+)' --robots $options
done
outcomes two id outcome status
zcat two/pages/*.gz | tr -d '\r' | grep -a -c '^GET /robots.txt'
zcat two/pages/*.gz | tr -d '\r' | grep -a -c '^If-None-Match'
