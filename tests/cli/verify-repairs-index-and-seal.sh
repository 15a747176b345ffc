# shellcheck shell=bash source=tests/cli/lib.sh
# --repair makes an index anew from the pages, and ends a seal that was broken
# off; it touches nothing else, says what it did, and leaves what the run does
# better to the run.
source "$TESTS/cli/lib.sh"
start_server
for i in {1..6}; do echo "$URL/redirect/1?n=$i"; done >list
fg_quiet list -e 'e' -o run --segment-size 4k --format csv
cp -r run sound
repair()
{
    status "$FETCHGREP" verify --repair -j 1 run 2>&1 | sed 's/[0-9]* bytes/N bytes/'
}
same() { diff -rq sound run && echo same; }
echo '== sound'
repair && same
for how in 'rm run/pages/index.cdxj' 'sed -i 2d run/pages/index.cdxj' \
    'echo junk >>run/pages/index.cdxj'; do
    echo "== $how"
    eval "$how"
    repair && same
done
echo '== damaged pages: the index stays as it is'
first=$(printf '%s\n' run/pages/*.gz | head -n 1)
cp "$first" page
printf 'xxxx' | dd of="$first" bs=1 seek=300 conv=notrunc status=none
sed -i 1d run/pages/index.cdxj
cp run/pages/index.cdxj index
status "$FETCHGREP" verify --repair -j 1 run 2>&1 >/dev/null | grep -o 'was left as it is'
cmp index run/pages/index.cdxj && echo 'left alone'
cp page "$first"

# What sealing takes away at the end is put back, and what it writes last.
unseal()
{
    local file name
    rm run/summary.json run/pages/index.cdxj
    for file in run/pages/*.gz; do
        name=${file##*gen0001-}
        ln "$file" "run/gen-0001/pages-$name"
    done
    mv run/outcomes.jsonl run/matches.* run/gen-0001
}
echo '== a seal that was broken off'
rm -r run && cp -r sound run
unseal
cp sound/pages/index.cdxj run/gen-0001/index.cdxj
repair
diff -rq sound run
echo '== the same of an ordered run is the run'"'"'s to end'
fg_quiet list -e 'e' -o run --restart --order manifest
unseal
status "$FETCHGREP" verify --repair run 2>&1 | grep -o 'its lines have.*'
echo '== of a run that was killed'
rm run/pages -r
status "$FETCHGREP" verify --repair run 2>&1 | grep -o 'the run has not.*'
echo '== nothing to repair'
status "$FETCHGREP" verify --repair nowhere
status "$FETCHGREP" verify --repair run run
[[ -e nowhere ]] || echo 'nothing was made'
