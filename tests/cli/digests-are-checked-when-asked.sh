# shellcheck shell=bash source=tests/cli/lib.sh
# --check-digests compares what records tell of themselves, in every form;
# a record whose digest is another's is damage with its place, and its page is
# searched all the same. Chunked payloads may be digested either way.
source "$TESTS/cli/lib.sh"
abc=VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5
head='HTTP/1.1 200 OK\r\n\r\n'
chunked='HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
{
    warc_record response http://a.org/ "${head}abc" \
        "WARC-Payload-Digest: sha1:$abc"
    warc_record response http://b.org/ "$chunked" \
        "WARC-Payload-Digest: sha1:$abc"
    warc_record response http://c.org/ "$chunked" \
        "WARC-Payload-Digest: md5:$(printf '3\r\nabc\r\n0\r\n\r\n' | md5sum | cut -c -32)"
    warc_record resource http://d.org/ abc "WARC-Block-Digest: sha1:$abc" \
        'WARC-Payload-Digest: md5:900150983cd24fb0d6963f7d28e17f72'
    warc_record resource http://e.org/ abc 'WARC-Block-Digest: blake3:abc'
    warc_record revisit http://f.org/ "$head" "WARC-Payload-Digest: sha1:$abc"
} >sound.warc
{
    warc_record response http://a.org/ "${head}abd" \
        "WARC-Payload-Digest: sha1:$abc"
    warc_record resource http://b.org/ 'abc ' "WARC-Block-Digest: sha1:$abc"
} >damaged.warc
status "$FETCHGREP" extract sound.warc -e ab. --check-digests
status "$FETCHGREP" extract damaged.warc -e ab.
status "$FETCHGREP" extract damaged.warc -e ab. --check-digests
start_server
echo "$URL/chunked?size=5000" >list
fg_quiet list -e '<p>' -o run
status "$FETCHGREP" extract run -e '(?i)<title>' --check-digests | normalize
