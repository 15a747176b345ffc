# shellcheck shell=bash source=tests/cli/lib.sh
# Crawl-delay: one request at a time, with that pause between them.
source "$TESTS/cli/lib.sh"
start_server --log requests.log --alias /robots.txt \
    '/text?body=User-agent:*%0ACrawl-delay:0.2%0A'
for i in {1..5}; do echo "$URL/ok?$i"; done >list
fg_quiet list -e '<title>' --robots -o out --per-host 8
outcomes out outcome | sort | uniq -c
"$python" - <<'END'
times = [int(line.split()[0]) for line in open("requests.log")]
pauses = [b - a for a, b in zip(times, times[1:])]
print(len(times), "requests", all(pause >= 195 for pause in pauses))
END
