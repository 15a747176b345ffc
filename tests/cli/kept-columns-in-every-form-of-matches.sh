# shellcheck shell=bash source=tests/cli/lib.sh
# --keep: an object in outcomes and JSON Lines, a column of JSON elsewhere, also
# where lines are sorted, counted or have columns of their own.
source "$TESTS/cli/lib.sh"
start_server
cat >list.csv <<END
url,Rank,title
$URL/text?body=one,1,"a ""b"", c"
$URL/text?body=two+x,2,"tab	and
newline"
$URL/text?body=three
END
forms()
{
    echo "$*"
    fg_quiet list.csv -e '\w+' --keep title,rank --order manifest "$@" |
        normalize
}
forms
forms --format jsonl
forms --format csv
forms --format tsv
forms --count
forms --fields keep,match
forms --fields keep,match --format jsonl
forms --isolation processes -j 2
fg_quiet list.csv -e '\w+' --keep 2 -o out
outcomes out id line keep
matches out id match keep
fg_quiet list.csv -e '\w+' --keep 2 -o sorted --order manifest --format csv
normalize <sorted/matches.csv
echo '{"url":"'"$URL"'/text?body=n","n":123456789012345678901234567890.10,
{"url":"'"$URL"'/text?body=n","n":123456789012345678901234567890.10,"o":{"a" : [1, 2]}}
{"url":"'"$URL"'/text?body=o","o":{}}' >list.jsonl
fg_quiet list.jsonl -e . --keep n,o.a,o -o deep
outcomes deep id outcome line detail
grep -o '"keep":.*},' deep/outcomes.jsonl | sort
"$python" - "$URL" >long.tsv <<'END'
import sys
print("url", "a", sep="\t")
print(sys.argv[1] + "/text?body=p", "x" * 70000, sep="\t")
print(sys.argv[1] + "/text?body=q", "x", sep="\t")
END
fg_quiet long.tsv -e . --keep a -o long
outcomes long id outcome keep detail
matches long id match keep
"$FETCHGREP" extract out -e . --fields keep,match -o no
status fg_quiet list.csv -e . --keep title,title
status fg_quiet list.csv -e . --keep title,
