# shellcheck shell=bash source=tests/cli/lib.sh
# The same URLs, with columns to keep, as plain text, CSV, TSV and JSON Lines,
# packed, through a pipe and from standard input: outcomes and matches are the
# same but for source and line.
source "$TESTS/cli/lib.sh"
start_server
"$python" - "$URL" <<'END'
import csv, gzip, io, json, subprocess, sys
url = sys.argv[1]
urls = [f"{url}/text?body={i}" for i in range(12)] + [
    f"  {url}/text?body=blanks  ", f"{url}\\text?body=back", url + "/a b",
    url.replace("http://", "HTTP:"), url.replace("127.0.0.1", "0x7f.1"),
    url.replace("127.0.0.1", "2130706433") + "/text?body=two",
    url.replace("127.0.0.1", "\uff11\uff12\uff17.1") + "/text?body=wide",
    url + "/text?body=\u00fc", url + "/text?body='\"<>|^", f"{url}/%2e%2e/ok",
    f"{url}/status/404", f"{url}/redirect/2", url + "/text?body=c,d",
    "nonsense", "ftp://a.example/", "http://", "http://a.example:99999/",
    f"{url}/text?body=#f"]
assert len(urls) == 30
rows = [(u, f'n"{i}"', str(i)) for i, u in enumerate(urls)]
text = io.StringIO()
writer = csv.writer(text)
writer.writerow(["rank", "url", "title"])
writer.writerows((r, u, t) for u, t, r in rows)
files = {
    "list.txt": "".join(u + "\n" for u, t, r in rows),
    "list.csv": text.getvalue(),
    "list.tsv": "url\ttitle\trank\r\n" +
                "".join("\t".join(row) + "\r\n" for row in rows),
    "list.jsonl": "".join(json.dumps(
        {"title": t, "rank": r, "url": u}, ensure_ascii=r == "19") + "\n"
        for u, t, r in rows),
}
for name, content in files.items():
    data = content.encode()
    open(name, "wb").write(data)
    open(name + ".gz", "wb").write(gzip.compress(data[:500]) +
                                   gzip.compress(data[500:]))
    subprocess.run(["zstd", "-q", name], check=True)
END
# canonical DIR [keep]: what is the same however the list was written.
canonical()
{
    "$python" - "$@" <<'END'
import json, sys
def rows(name, keys):
    rows = [json.loads(line) for line in open(f"{sys.argv[1]}/{name}")]
    for row in rows:
        for key in ("fetched_at", "ms", "ip", "attempts", "warc",
                    "warc_offset", "source", "line"):
            row.pop(key, None)
        if len(sys.argv) < 3:
            row.pop("keep", None)
    return sorted(rows, key=lambda row: [row[key] for key in keys])
print(json.dumps(rows("outcomes.jsonl", ["id"])))
print(json.dumps(rows("matches.jsonl", ["id", "pattern", "offset"])))
END
}
i=0
# try WHAT ARGUMENT...: a run, compared with the first of its kind.
try()
{
    local what=$1 dir=out-$((++i))
    shift
    fg_quiet "$@" -e '\w+' -o "$dir"
    canonical "$dir" >"$dir.all"
    canonical "$dir" keep >"$dir.keep"
    cmp out-1.all "$dir.all" || echo "$what differs"
}
try plain list.txt
try plain.gz list.txt.gz
try plain.zst list.txt.zst
try csv list.csv --keep title,rank
cp "out-$i.keep" keep
for form in csv tsv jsonl; do
    for packing in '' .gz .zst; do
        try "$form$packing" "list.$form$packing" --keep title,rank
        cmp keep "out-$i.keep"
    done
    try "$form as input" - --manifest-format "$form" --keep title,rank \
        <"list.$form.zst"
    cmp keep "out-$i.keep"
    try "$form from processes" --isolation processes "list.$form" \
        --keep title,rank
    cmp keep "out-$i.keep"
done
# shellcheck disable=SC2002 # a pipe
cat list.csv.gz | try "csv by pipe" - --manifest-format csv
echo "$i runs"
outcomes out-1 id url outcome final_url | sed "s/:$PORT/:PORT/"
matches out-4 id match keep | head -n 3
