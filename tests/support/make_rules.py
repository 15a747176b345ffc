#!/usr/bin/python3
"""Makes N patterns of the kind that finds secrets, the same for a seed.

Vendors are made up of syllables; the forms are the usual ones: a prefix and a
run of letters between word boundaries, a name near a key, an assignment, a URL
with a token, alternatives, inline flags, bounded repeats, captures, sometimes
a lookahead or a class beyond ASCII.
"""

import argparse
import random

SYLLABLES = ["ac", "bel", "cor", "dyn", "el", "fin", "gra", "hex", "in", "jet",
             "kol", "lum", "mor", "net", "or", "pix", "qua", "ret", "sol",
             "tra", "ul", "vex", "wav", "xen", "yon", "zet"]
CLASSES = ["[a-z0-9]", "[A-Za-z0-9]", "[a-f0-9]", "[0-9A-Z]", "[\\w-]",
           "[A-Za-z0-9+/=]", "[A-Za-z0-9_-]", "[a-zA-Z0-9._-]"]
WORDS = ["key", "token", "secret", "password", "auth", "api", "access",
         "client", "session", "credential"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, items):
        return self.random.choice(items)

    def number(self, low, high):
        return self.random.randint(low, high)

    def vendor(self):
        return "".join(self.pick(SYLLABLES) for _ in range(self.number(2, 4)))

    def run(self, low=16, high=64):
        size = self.number(low, high)
        bounds = f"{{{size},{size + self.number(1, 90)}}}" \
            if self.number(0, 3) == 0 else f"{{{size}}}"
        return self.pick(CLASSES) + bounds

    # ---- the forms -----------------------------------------------------------

    def prefixed(self):
        prefix = self.vendor()[:self.number(3, 6)]
        return f"\\b({prefix}{self.pick('_-.')}{self.run(20, 60)})\\b"\
            .replace(".", "\\.", 1)

    def upper_prefixed(self):
        prefix = self.vendor()[:4].upper()
        return f"\\b((?:{prefix}|{self.vendor()[:4].upper()}){self.run()})\\b"

    def near(self):
        return (f"(?i){self.vendor()}.{{0,{self.number(10, 50)}}}"
                f"\\b({self.run(20, 48)})\\b")

    def near_twice(self):
        return (f"(?i){self.vendor()}.{{0,20}}{self.pick(WORDS)}.{{0,20}}"
                f"\\b({self.run(20, 48)})\\b")

    def assignment(self):
        name = f"{self.vendor()}_?{self.pick(WORDS)}"
        return (f"(?i){name}[\"'`]?\\s{{0,30}}(?::|=>|=)\\s{{0,30}}[\"'`]?"
                f"({self.run(16, 40)})[\"'`]")

    def alternatives(self):
        names = "|".join(self.vendor() for _ in range(self.number(2, 5)))
        return f"(?i)(?:{names})[._-]?(?:{'|'.join(WORDS[:4])})=({self.run()})"

    def url(self):
        host = f"{self.vendor()}\\.(?:com|io|net)"
        return (f"(?i)https?://(?<host>[\\w.-]{{0,40}}{host})/"
                f"(?:hooks|api)/(?<key>{self.run(20, 40)})")

    def uuid(self):
        return (f"(?i){self.vendor()}.{{0,30}}\\b([0-9a-f]{{8}}-[0-9a-f]{{4}}-"
                "[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\\b")

    def named(self):
        return (f"(?<vendor>{self.vendor()})\\s*[:=]\\s*"
                f"(?<value>\"[^\"\\n]{{8,80}}\"|'[^'\\n]{{8,80}}')")

    def dotted(self):
        prefix = self.vendor()[:3].upper()
        return f"\\b({prefix}\\.{self.run(18, 30)}\\.{self.run(30, 60)})" \
            "(?![\\w.-])"

    def block(self):
        return f"-----BEGIN {self.vendor().upper()} (PRIVATE|SECRET) KEY-----"

    def unicode(self):
        return f"(?i){self.vendor()}\\s+(?:ключ|Schlüssel|clé)\\s*:\\s*" \
            f"({self.run(12, 30)})"

    def rule(self):
        forms = [self.prefixed] * 6 + [self.near] * 4 + [self.assignment] * 3 \
            + [self.near_twice, self.near_twice, self.upper_prefixed,
               self.alternatives, self.url, self.uuid, self.named,
               self.dotted, self.block, self.unicode]
        return self.pick(forms)()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    maker = Maker(options.seed)
    for i in range(options.count):
        print(f"rule.{i + 1} {maker.rule()}")


if __name__ == "__main__":
    main()
