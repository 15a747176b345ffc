# shellcheck shell=bash source=tests/cli/lib.sh
# A revisit is searched as the page that it stands for: with its own URL and
# status; whatever the packing, and however many workers. What is not at hand
# is said.
source "$TESTS/cli/lib.sh"
head='HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n'
chunked='HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
{
    warc_record revisit http://before.org/ "$head" \
        'WARC-Refers-To-Target-URI: http://a.org/' \
        'WARC-Refers-To-Date: 2026-11-22T07:30:14Z'
    warc_record response http://a.org/ "$chunked" \
        'WARC-Date: 2026-11-22T07:30:14Z' 'WARC-Record-ID: <urn:uuid:1>' \
        'WARC-Payload-Digest: sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5'
    warc_record revisit http://by-id.org/ '' 'WARC-Refers-To: <urn:uuid:1>' \
        'WARC-Truncated: length'
    warc_record revisit http://not-modified.org/ 'HTTP/1.1 304 No\r\n\r\n' \
        'WARC-Refers-To: <urn:uuid:1>'
    warc_record revisit http://not-found.org/ \
        'HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n' \
        'WARC-Payload-Digest: sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5'
    warc_record revisit http://gone.org/ "$head" \
        'WARC-Refers-To-Target-URI: http://other.org/' \
        'WARC-Refers-To-Date: 2026-11-22T07:30:14Z'
    warc_record request http://a.org/ 'GET / HTTP/1.1\r\n\r\n'
    warc_record conversion http://text.org/ 'abc' 'Content-Type: text/plain'
} >plain.warc
gzip -c plain.warc >whole.warc.gz
zstd -qc plain.warc >whole.warc.zst
# A member a record.
"$python" - <<'END'
import gzip, re
text = open("plain.warc", "rb").read()
with open("members.warc.gz", "wb") as out:
    for record in re.split(rb"(?<=\r\n\r\n)(?=WARC/)", text):
        out.write(gzip.compress(record))
END
for file in plain.warc whole.warc.gz whole.warc.zst members.warc.gz; do
    "$FETCHGREP" extract "$file" -e abc --progress none -o "$file.d"
    outcomes "$file.d" id url outcome status matches detail? >"$file.out"
    cmp plain.warc.out "$file.out"
done
cat plain.warc.out
"$FETCHGREP" extract plain.warc whole.warc.zst members.warc.gz plain.warc \
    -e abc --progress none -j 8 -o many
outcomes many outcome matches | sort | uniq -c
# Without a run directory it is a message.
status "$FETCHGREP" extract members.warc.gz -e abc
