# shellcheck shell=bash source=tests/cli/lib.sh
# Archives that are read in parts, side by side: in every form the lines are
# those of one reader, ids included, in a directory and on standard output, from
# a team of either kind.
source "$TESTS/cli/lib.sh"
start_server
for i in {0..79}; do
    echo "$URL/ok?size=9000&i=$i"
done >list
"$FETCHGREP" fetch --allow-private list -o kept --segment-size 40k \
    --progress none
mapfile -t warcs < <(find kept/pages -name '*.warc.gz' | sort)
((${#warcs[@]} > 1)) && echo "several archives"
extract()
{
    "$FETCHGREP" extract "${warcs[@]}" -e '<a[^>]*>' -e '(?s)<p>(?<n>.{20})' \
        --fields "$fields" --progress none "$@"
}
for form in jsonl:id,match,groups jsonl:match,id csv:id,offset,match \
    csv:match,n,id tsv:url,id,pattern text:match,id text:url,match; do
    format=${form%%:*} fields=${form#*:}
    extract -j 1 --part-size 1G --format "$format" --order manifest >one
    for i in threads processes; do
        extract -j 8 --isolation $i --part-size 4k --format "$format" --order manifest |
            cmp - one
        extract -j 8 --isolation $i --part-size 4k --format "$format" | cmp <(sort) <(sort one)
        extract -j 8 --isolation $i --part-size 4k --format "$format" -o "$form-$i"
        cmp <(sort "$form-$i"/matches.*) <(sort one)
        extract -j 8 --isolation $i --part-size 4k --format "$format" -o "$form-$i-sorted" \
            --order manifest
        cmp "$form-$i-sorted"/matches.* one
    done
    echo "$form" "$(($(wc -l <one) > 500))"
done
