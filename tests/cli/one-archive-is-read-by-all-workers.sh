# shellcheck shell=bash source=tests/cli/lib.sh
# Cut anywhere, read by any number of workers, a WARC file gives what one reader
# gives: matches with their ids, outcomes, damage told once, exit status.
source "$TESTS/cli/lib.sh"

# search DIR ARGUMENT...: all that comes of it, in an order of its own.
search()
{
    local dir=$1
    shift
    "$FETCHGREP" extract "$@" -e '<meta .*?>' --progress none -o "$dir" 2>err
    echo "status $?"
    sort "$dir/matches.jsonl"
    sort "$dir/outcomes.jsonl"
    sort err
}

# compare NAME INPUT...: in parts and as a whole.
compare()
{
    local name=$1 sizes=(4k 11k 64k) workers size
    shift
    search whole "$@" -j 1 --part-size 1G >whole.txt
    for workers in 1 2 3 4 5 6 7 8; do
        size=${sizes[workers % 3]}
        search parts "$@" -j $workers --part-size "$size" >parts.txt
        cmp whole.txt parts.txt || echo "$name: $workers workers, $size"
        rm -r parts
    done
    echo "$name: $(head -n 1 whole.txt), $(wc -l <whole/matches.jsonl)" \
        "matches, $(grep -c warning whole.txt) of damage"
    rm -r whole
}

for kind in plain gzip nested damaged whole; do
    "$python" -B "$TESTS/cli/archives.py" $kind >$kind.warc
    compare $kind $kind.warc
done
compare all plain.warc nested.warc "$DATA/site/guide/index.html" gzip.warc

# An index that knows the records, and one that is about another file.
"$python" - gzip.warc nested.warc >gzip.cdxj <<'END'
import sys
with open(sys.argv[1], "rb") as f:
    data = f.read()
at = data.find(b"\x1f\x8b\x08")
while at >= 0:
    print('a)/%d 2026 {"offset":"%d","filename":"gzip.warc"}' % (at, at))
    at = data.find(b"\x1f\x8b\x08", at + 1)
END
compare index gzip.warc
sed 's/gzip.warc/nested.warc/' gzip.cdxj >nested.cdxj
compare stale nested.warc

# On standard output ids are final from the start, all of them.
"$FETCHGREP" extract gzip.warc nested.warc -e '<meta .*?>' --format jsonl \
    -j 1 --part-size 1G >whole.jsonl
"$FETCHGREP" extract gzip.warc nested.warc -e '<meta .*?>' --format jsonl \
    -j 5 --part-size 4k >parts.jsonl
sort whole.jsonl | cmp - <(sort parts.jsonl) && echo "stream equal"
