# shellcheck shell=bash source=tests/cli/lib.sh
# Sixteen names of one address: beyond --per-address they wait for each other,
# and literal addresses with them.
source "$TESTS/cli/lib.sh"
start_server
start_dns
for i in {1..16}; do
    for page in 1 2 3; do
        echo "http://$i.ok.test:$PORT/wait?ms=20&page=$page"
    done
done >list
echo "http://127.0.0.1:$PORT/wait?ms=20" >>list
echo "$URL/peak" >ask
for limit in 2 0; do
    fg_quiet list -e x -o out-$limit --dns-servers "$DNS" --per-address $limit
    outcomes out-$limit outcome | sort | uniq -c
    peak=$(fg_run ask -e '\d+' | cut -f 2)
    ((limit ? peak == limit : peak > 8)) && echo "as many as may be"
done
