# shellcheck shell=bash source=tests/cli/lib.sh
# The matches of all HTML pages of python3-doc are those of Python's
# re.finditer on the same text: place, text and groups.
source "$TESTS/cli/lib.sh"
html=
for folder in /usr/share/doc/python3*/html; do
    [[ -e $folder/index.html ]] && html=$(realpath "$folder")
done
[[ $html ]] || skip "python3-doc is not installed"
find "$html" -name '*.html' | LC_ALL=C sort >pages
patterns=('<meta .*?>'
    'href="(https?://([^"/]+)[^"]*)"'
    '(?i)<h([1-6])(?: class="([a-z]*)")?>(?P<text>[^<]*)'
    '(?:e|(?=</p>))'
    '(?sm)^<pre>.*?</pre>(\n)?$')
options=()
for pattern in "${patterns[@]}"; do options+=(-e "$pattern"); done
mapfile -t files <pages
"$FETCHGREP" extract "${files[@]}" "${options[@]}" -o out --progress none \
    --max-matches 1000000
echo "status $?"
"$python" - "${patterns[@]}" <<'END'
import json, re, sys

class Offsets:
    """Byte offsets of rising positions."""
    def __init__(self, text):
        self.text, self.at, self.bytes = text, 0, 0
        self.ascii = text.isascii()
    def of(self, at):
        if self.ascii:
            return at
        self.bytes += len(self.text[self.at:at].encode())
        self.at = at
        return self.bytes

def expected(text, pattern):
    regex = re.compile(pattern)
    names = {place: name for name, place in regex.groupindex.items()}
    offsets = Offsets(text)
    for m in regex.finditer(text):
        groups = {names.get(i + 1, str(i + 1)): value
                  for i, value in enumerate(m.groups())}
        yield offsets.of(m.start()), m.group(), groups

found = {}
with open("out/matches.jsonl", encoding="utf-8", newline="\n") as file:
    for line in file:
        match = json.loads(line)
        found.setdefault((match["url"], match["pattern"]), []).append(
            (match["offset"], match["match"], match["groups"]))
pages = open("pages").read().split("\n")[:-1]
counts = [0] * len(sys.argv)
for page in pages:
    data = open(page, "rb").read()
    text = data.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    for number, pattern in enumerate(sys.argv[1:], 1):
        wanted = list(expected(text, pattern))
        counts[number] += len(wanted)
        got = sorted(found.pop((page, f"e{number}"), []),
                     key=lambda match: match[0])
        if got != wanted:
            at = next((i for i, (a, b) in enumerate(zip(got, wanted))
                       if a != b), min(len(got), len(wanted)))
            sys.exit(f"{page}: {pattern}: match {at}:\n"
                     f"{got[at:at + 1]} instead of\n{wanted[at:at + 1]}")
assert not found, next(iter(found))
assert len(pages) > 400 and min(counts[1:]) > 50, counts
print("equal")
END
