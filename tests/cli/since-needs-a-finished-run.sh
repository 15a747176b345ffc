# shellcheck shell=bash source=tests/cli/lib.sh
# --since, --dedupe-pages: what cannot be is said in one line, before anything is
# asked for, and nothing is left behind.
source "$TESTS/cli/lib.sh"
start_server
echo "$URL/ok" >list
fg_quiet list -e x -o finished
cp -r finished unfinished && rm unfinished/summary.json
cp -r finished bare && rm -r bare/pages
mkdir empty
for dir in missing list empty unfinished bare; do
    status fg_quiet list -e x -o out --since $dir
done
status fg_quiet list -e x -o finished --since ./finished/ --restart
status fg_quiet list -e x --since finished --header 'if-none-match: "x"'
status fg_quiet list -e x --since finished --header-for a 'Range: bytes=0-'
status fg_quiet list -e x --dedupe-pages
status fg_quiet list -e x -o out --store none --dedupe-pages
status fg_quiet list -o out -e x --since
[[ ! -e out ]] && echo "nothing was made"
# Shaping options: another run is another run.
fg_quiet list -e x -o out --since finished --dedupe --dedupe-pages
status fg_quiet list -e x -o out --since finished --dedupe
requests
