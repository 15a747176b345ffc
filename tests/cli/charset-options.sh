# shellcheck shell=bash source=tests/cli/lib.sh
# --charset NAME, --charset raw, --unicode, --binary; what cannot be meant is
# refused, and a run directory remembers them.
source "$TESTS/cli/lib.sh"
printf '<meta charset=big5><p>\xcf\xf0\xe8' >page.html
printf 'caf\xe9 d\xc3\xa9j\xc3\xa0 \x00' >mixed.bin
fg() { "$FETCHGREP" extract --progress none "$@"; }
fg page.html -e '<p>\w*(.*)'
fg page.html -e '<p>\w+' --unicode --charset CP1251
fg page.html -e '<p>(?i)ПРИ' --charset windows-1251
echo -- raw
fg page.html -e '<p>\xcf.' --charset raw
fg page.html -e $'\xf0(.)' --charset raw --format jsonl
fg page.html -e '(*UTF)x' --charset raw
echo "status $?"
echo -- binary
fg mixed.bin -e 'd\S+'
fg mixed.bin -e 'd\S+' --binary --charset utf-8
fg mixed.bin -e '\W+\x00' --binary --charset raw --format jsonl
echo -- usage
status fg page.html -e x --charset utf-7
status fg page.html -e x --charset hz-gb-2312
status fg page.html -e x --charset raw --unicode
status "$FETCHGREP" fetch list -o out --charset raw
echo -- run directory
fg page.html -e '<p>.' -o out --charset windows-1251 --unicode --binary
outcomes out charset charset_from
status fg page.html -e '<p>.' -o out
status fg page.html -e '<p>.' -o out --unicode --binary
