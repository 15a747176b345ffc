# shellcheck shell=bash source=tests/cli/lib.sh
# The demo's list against a real nginx: redirects over three hosts, a loop, a
# slow page, chunks, gzip, EUC-KR. Outcomes are as listed, the archive is sound
# by an independent reader, and the kept pages give the same matches again once
# nginx is gone.
source "$TESTS/cli/lib.sh"
# shellcheck source=tests/support/nginx.sh
source "$TESTS/support/nginx.sh"
trap nginx_stop EXIT
nginx_serve_site "$DATA/site" || exit 1
sed "s/@PORT@/$NGINX_PORT/g" "$DATA/manifests/demo.txt.in" >list
fg_quiet list -f "$DATA/patterns/page-meta.txt" -f "$DATA/patterns/emails.txt" \
    -o out
nginx_stop
"$python" - <<'END'
import collections, json
rows = [json.loads(line) for line in open("out/outcomes.jsonl")]
assert sorted(row["id"] for row in rows) == list(range(40)), "ids"
for word, count in sorted(collections.Counter(
        row["outcome"] for row in rows).items()):
    print(word, count)
print("redirects", sum(row.get("redirects", 0) for row in rows))
END
"$python" "$TESTS/support/warc_check.py" out/pages/*.warc.gz \
    --index out/pages/index.cdxj >records && echo "archive sound"
"$FETCHGREP" extract out -f "$DATA/patterns/page-meta.txt" \
    -f "$DATA/patterns/emails.txt" -o again --progress none
cmp <(sort out/matches.jsonl) <(sort again/matches.jsonl) && echo "same matches"
