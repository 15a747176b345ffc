# shellcheck shell=bash source=tests/cli/lib.sh
# A list longer than what may wait inside, by host and shuffled, from files and
# through standard input: every entry has one outcome, the same in all, and the
# index is gone with the end of the run.
source "$TESTS/cli/lib.sh"
start_server --listen 127.0.0.1 --listen 127.0.0.2
"$python" - "$PORT" <<'END'
import random, sys
urls = [f"http://127.0.0.{host}:{sys.argv[1]}/text?body=page{i}"
        for host in (1, 2) for i in range(host * 3000 - 3000, host * 3000)]
open("by-host", "w").writelines(url + "\n" for url in urls)
random.Random(1).shuffle(urls)
open("shuffled", "w").writelines(url + "\n" for url in urls)
END
fg_quiet by-host -e 'page\d+' --store none -o by-host.out
fg_quiet - -e 'page\d+' --store none -o shuffled.out <shuffled
ls by-host.out
for run in by-host shuffled; do
    outcomes "$run.out" id | sort -n | uniq | wc -l
    outcomes "$run.out" url outcome matches | sort >"$run.outcomes"
done
cmp by-host.outcomes shuffled.outcomes && echo equal
fg_quiet - -e 'page\d+' <by-host | sort >piped
outcomes by-host.out url | sort >urls
cut -f 1 piped | normalize | cmp - urls && echo equal
