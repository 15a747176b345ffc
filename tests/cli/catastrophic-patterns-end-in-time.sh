# shellcheck shell=bash source=tests/cli/lib.sh
# Known forms that explode, each on the text that makes it: the page ends soon
# after its time, with a completed search or a limit that is named, and the
# other pattern's match stands.
source "$TESTS/cli/lib.sh"
a30k=$(head -c 30000 /dev/zero | tr '\0' a)
attack()
{
    local regex=$1 text=$2 started ended
    mkdir -p pages
    printf '%s end!' "$text" >pages/page.html
    printf 'slow %s\nend end!\n' "$regex" >patterns
    rm -rf out
    started=$(date +%s%N)
    timeout 20 "$FETCHGREP" extract pages -f patterns --no-prefilter \
        --page-time 500ms "${@:3}" -o out --progress none
    echo "status $?"
    ended=$(date +%s%N)
    # Generous: the machine may be busy, and sanitizers are slow.
    ((ended - started < 15000000000)) || echo "took $((ended - started)) ns"
    grep -c '"pattern":"end"' out/matches.jsonl
    grep -o '"outcome":"[a-z-]*"\|"detail":"pattern ."slow.": [a-z A-Z]* [(a-z]*' \
        out/outcomes.jsonl | tr '\n' ' ' |
        grep -q '"ok" $\|"pattern-limit" "detail":"pattern ."slow.": [a-zJIT]' &&
        echo named
}
attack '(a+)+$' "$a30k!"
attack '(a|aa)+$' "$a30k!"
attack '(a|a?)+$' "$a30k!"
attack '(.*)*x' "$a30k"
attack '(x+x+)+y' "${a30k//a/x}"
attack '^(([a-z])+.)+[A-Z]([a-z])+$' "$a30k"
attack '(?:(?:"|'"'"'|\]|\}|\\|\d|(?:nan|infinity|true|false|null|undefined|symbol|math)|`|-|\+)+[)]*;?((?:\s|-|~|!|\{\}|\|\||\+)*.*(?:.*=.*)))' "${a30k//a/x=}"
attack '<(\w+)[^>]*>(?s:.*?)</\1>' "${a30k//a/<a>}"
attack '(a?){40}a{40}$' "${a30k:0:60}b"
attack '(\w\s?)+$' "$a30k!"
attack '^(?:a(?1)?b|())+$' "$a30k"
attack '(a(?1)?b)' "$a30k${a30k//a/b}"
attack '(?=(a+)+$)a' "$a30k!" --isolation processes
