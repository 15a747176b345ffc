# shellcheck shell=bash source=tests/cli/lib.sh
# A page that takes more memory or time than a worker process may have is
# recorded as that, and kept; the run ends, and the other pages are searched.
source "$TESTS/cli/lib.sh"
start_server
# A sanitizer's malloc is to fail as any other, and it says something then.
export ASAN_OPTIONS=allocator_may_return_null=1
export TSAN_OPTIONS=${TSAN_OPTIONS:-}:allocator_may_return_null=1
cat >list <<END
$URL/ok?size=3000
$URL/gzip-bomb?size=100000000
$URL/redirect-to?url=/gzip-bomb%3Fsize=100000000
$URL/ok?size=4000
END
fg_quiet list -e '<title>' -e ' {9}' --max-body 200M --memory 1G --worker-memory 40M \
    --isolation processes -o out 2>run.err
echo "status $?"
outcomes out id outcome status redirects matches detail
# What was kept can be read again where there is more memory.
"$FETCHGREP" extract out -e '(?s).*' --max-body 200M --isolation processes \
    --progress none -o again
echo "status $?"
outcomes again id outcome text_bytes
for i in {1..9}; do echo "<p $i>" >"$i.html"; done
rm 4.html
mkfifo 4.html
"$FETCHGREP" extract {1..9}.html -e '<p \d>' --isolation processes -j 2 \
    --worker-time 500ms 2>err | sort
cat err
# Of an archive that cannot even be read, nobody knows where its pages begin.
mkfifo stuck.warc.gz
"$FETCHGREP" extract stuck.warc.gz {1..3}.html -e '<p \d>' --isolation processes \
    --worker-time 300ms --progress none -o stuck 2>err
echo "status $?"
outcomes stuck id url outcome
sed 's/behind offset .*/.../' err
