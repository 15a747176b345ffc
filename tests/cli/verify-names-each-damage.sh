# shellcheck shell=bash source=tests/cli/lib.sh
# Each kind of damage to a run directory is named, with its file and place, and
# the exit status is 1.
source "$TESTS/cli/lib.sh"
start_server
{
    for i in {1..4}; do echo "$URL/text?body=%3Ca%20$i%3E"; done
    echo 'no URL at all'
    echo "$URL/status/404"
} >list
fg_quiet list -e '<a ([^>]*)>' -o sound --per-host 1 --concurrency 1 -j 1 \
    --store plain --order any
fg_quiet list -e '<a ([^>]*)>' -o ordered --per-host 1 --concurrency 1 -j 1 \
    --order manifest
# damage WHAT COMMAND: of a copy of a sound directory.
damage()
{
    echo "== $1"
    rm -rf run
    cp -r "${3:-sound}" run
    (cd run && eval "$2")
    [[ $2 == : ]] || ! diff -rq "${3:-sound}" run >/dev/null || echo 'not damaged'
    "$FETCHGREP" verify -j 1 run >said
    echo "status $?"
    sed -E -e 's/(offset|to|line at|are|of|entry) [0-9]{3,}/\1 N/g' \
        -e 's/[0-9]+ bytes/N bytes/g' -e 's/[0-9]{3,} in /N in /g' \
        -e 's/(from here on to|were committed|here to) [0-9]+/\1 N/' said
}
# flip FILE OFFSET: another bit there.
flip()
{
    "$python" - "$1" "$2" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    at = int(sys.argv[2])
    file.seek(at)
    byte = file.read(1)[0]
    file.seek(at)
    file.write(bytes([byte ^ 1]))
END
}
pages=pages/gen0001-00000.warc
damage 'nothing' :
damage 'a page' "flip $pages \$(grep -abo '<a 2>' $pages | head -n 1 | cut -d: -f1)"
damage 'a digest in a header' "sed -i '0,/WARC-Block-Digest: sha1:./s//WARC-Block-Digest: sha1:2/' $pages"
damage 'a page cut' "truncate -s -100 $pages"
damage 'junk behind the pages' "echo junk >>$pages"
damage 'no pages' "rm $pages"
damage 'a stranger among the pages' 'touch pages/gen0002-00000.warc'
damage 'a letter of an outcome' "sed -i 's/text.html/text.htmL/' outcomes.jsonl"
damage 'an outcome dropped' "sed -i 2d outcomes.jsonl"
damage 'the last outcome dropped' "sed -i '\$d' outcomes.jsonl"
damage 'an outcome doubled' "sed -i 2p outcomes.jsonl"
damage 'another outcome' "sed -i '3s/\"ok\"/\"denied\"/' outcomes.jsonl"
damage 'another place' "sed -i '3s/warc_offset\":/warc_offset\":1/' outcomes.jsonl"
damage 'no outcome word' "sed -i '3s/\"ok\"/\"fine\"/' outcomes.jsonl"
damage 'outcomes cut' 'truncate -s -10 outcomes.jsonl'
damage 'no outcomes' 'rm outcomes.jsonl'
damage 'a match dropped' "sed -i 1d matches.jsonl"
damage 'a match doubled' "sed -i 1p matches.jsonl"
damage 'a foreign match' "sed -i '1s/\"id\":0/\"id\":77/' matches.jsonl"
damage 'a match of one that failed' "sed -i '1s/\"id\":0/\"id\":5/' matches.jsonl"
damage 'index lines swapped' "sed -i '1{h;d};2G' pages/index.cdxj"
damage 'an index line dropped' "sed -i 3d pages/index.cdxj"
damage 'an index line doubled' "sed -i 3p pages/index.cdxj"
damage 'another URL in the index' "sed -i '1s/\"url\":\"h/\"url\":\"H/' pages/index.cdxj"
damage 'another length in the index' "sed -i '1s/length\":\"/length\":\"1/' pages/index.cdxj"
damage 'no index' "rm pages/index.cdxj"
damage 'another summary' "sed -i 's/\"ok\":4/\"ok\":5/' summary.json"
damage 'no summary' "echo '{' >summary.json"
damage 'a changed journal' 'flip gen-0001/journal 20'
damage 'a torn journal' 'truncate -s -3 gen-0001/journal'
damage 'no journal' 'rm gen-0001/journal'
damage 'another option' "sed -i 's/max-redirects=10/max-redirects=11/' run.json"
damage 'no JSON' "echo 5 >run.json"
damage 'a match of an ordered run' "sed -i '2s/<a/<b/' matches.jsonl" ordered
damage 'an ordered run out of order' "sed -i '1{h;d};2G' outcomes.jsonl" ordered
damage 'a packed page' "flip pages/gen0001-00000.warc.gz 2000" ordered
