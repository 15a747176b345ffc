# shellcheck shell=bash source=tests/cli/lib.sh
# Binary junk: each line that is not blank is an entry, and each is accounted
# for in valid JSON.
source "$TESTS/cli/lib.sh"
"$python" - <<'END'
import random
random.seed(7)
lines = [bytes(random.choice([b for b in range(256) if b not in (10, 35)])
               for _ in range(random.randrange(1, 200))) for _ in range(300)]
lines = [b"\x01" + line + b"\x02" for line in lines]
open("junk", "wb").write(b"\n".join(lines))
END
status fg_quiet junk -e x -o out
outcomes out outcome detail? | sort | uniq -c | sed 's/^ *//'
outcomes out id | tail -n 1
