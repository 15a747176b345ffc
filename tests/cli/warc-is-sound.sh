# shellcheck shell=bash source=tests/cli/lib.sh
# An independent reader agrees with every record, digest, member boundary and
# index line; every outcome points at its page; segments rotate.
source "$TESTS/cli/lib.sh"
[[ -e $TESTS/support/warc_check.py ]] || skip "no warc_check.py"
start_server
{
    cat <<END
$URL/redirect/3
$URL/chunked?size=5000&chunk=77
$URL/gzip?size=9000
$URL/status/404
$URL/status/304
$URL/204-body
$URL/cut?claim=2000&send=1500
$URL/ok?size=70000
$URL/1xx
$URL/bare-lf
$URL/latin1
$URL/nul
nonsense
END
    for i in {1..60}; do echo "$URL/ok?size=${i}00&i=$i"; done
} >list
for store in gzip zstd plain; do
    fg_quiet list -e '<title>' -o "$store" --store "$store" --max-body 64k \
        --segment-size 16k
    echo "$store $?"
    (($(find "$store/pages" -name '*.warc*' | wc -l) > 1)) || echo "one segment"
    for file in "$store"/pages/*.warc*; do
        "$python" "$TESTS/support/warc_check.py" "$file" >said ||
            { cat said >&2; echo "$file"; }
    done
    "$python" - "$store" <<'END'
import gzip, io, json, subprocess, sys
out, kept = sys.argv[1], 0
for line in open(out + "/outcomes.jsonl", encoding="utf-8"):
    outcome = json.loads(line)
    if "warc" not in outcome:
        assert outcome["outcome"] == "invalid-url", outcome
        continue
    file = open(f"{out}/{outcome['warc']}", "rb")
    file.seek(outcome["warc_offset"])
    if outcome["warc"].endswith(".gz"):
        file = io.BufferedReader(gzip.GzipFile(fileobj=file))
    if outcome["warc"].endswith(".zst"):
        file = io.BytesIO(subprocess.run(["zstd", "-dcq"], stdin=file, check=True,
                                         stdout=subprocess.PIPE).stdout)
    head = []
    while (header := file.readline().rstrip(b"\r\n")):
        head.append(header.decode())
    assert head[0] == "WARC/1.1"
    assert "WARC-Type: response" in head
    assert "WARC-Target-URI: " + outcome["final_url"] in head, (head, outcome)
    assert ("WARC-Payload-Digest: " + outcome["digest"] in head), outcome
    kept += 1
print(kept, "pages found")
END
done
