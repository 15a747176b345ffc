"""Random patterns as trees.

A tree is written as PCRE2 writes it and, where the languages agree, as Python's
re does (without PCRE2_UCP, \\w and its kin know ASCII alone, whatever the case
rule; so they are put into groups of their own there). A tree also makes texts
that it matches, most of the time, so that pages hold something to find.

Patterns stay cheap: no unbounded repeat inside of another, few broad ones.
"""

import string

# Characters that are one another in another case, by Unicode's simple folding;
# PCRE2 10.42 and Python 3.11 agree on these. Left out, as they do not: dotless
# and dotted i, the ligatures of long s t, two Greek letters with accents.
CASES = [
    "kK\u212a", "sS\u017f", "\u00df\u1e9e", "\u00e5\u00c5\u212b",
    "\u00e9\u00c9", "\u01c6\u01c5\u01c4", "\u00b5\u03bc\u039c",
    "\u03c3\u03c2\u03a3", "\u03c9\u03a9\u2126", "\u03b8\u03d1\u03f4\u0398",
    "\u03b9\u0399\u1fbe", "\u03b2\u03d0\u0392", "\u0432\u0412\u1c80",
    "\u0430\u0410", "\u044f\u042f", "\u0451\u0401", "\u0436\u0416",
    "\u044a\u042a\u1c86", "\ua64b\ua64a\u1c88", "\u10d0\u1c90",
    "\u10e5\u1ca5", "\u13a0\uab70", "\u13a1\uab71", "\U000104d8\U000104b0",
    "\U00010428\U00010400", "\U0001e922\U0001e900", "\ua7c1\ua7c0",
    "\U00010597\U00010570", "\u0561\u0531", "\u1e61\u1e9b\u1e60",
]
FRIENDS = {c: cases for cases in CASES for c in cases}
for _lower, _upper in zip(string.ascii_lowercase, string.ascii_uppercase):
    FRIENDS.setdefault(_lower, _lower + _upper)
    FRIENDS.setdefault(_upper, _lower + _upper)

LETTERS = "abcdefghkmnorstuxyABKSTX"
ODD = ("\u6f22\u5b57\u3042\ud55c\u05d0\u0639\u0939\u093f\u0e01\U0001f600"
       "\u00a0\u2028\u0085\ufeff\ufffd\u0301\u200d\u00bd\u0664\u2160\u00aa")
PUNCTUATION = "<>=\"'/&;:.,-_@#%?!*+()[]{}|\\^$~` "
ESCAPED = set("\\^$.[]|()*+?{}#&~-\"'<>=/!%,:;@`")

WORD = string.ascii_letters + string.digits + "_"
SPACE = " \t\n\r\f\v"
ESCAPES = {"d": string.digits, "w": WORD, "s": SPACE}
BROAD = LETTERS + "019 <>\"=/\t" + "".join(CASES) + ODD


def quoted(text):
    return "".join("\\" + c if c in ESCAPED else c for c in text)


def other_case(text, rng):
    """The text in some mixture of cases."""
    return "".join(rng.choice(FRIENDS[c]) if c in FRIENDS and rng.random() < .5
                   else c for c in text)


def choose_outside(rng, is_inside):
    """Some character that is not inside, if there is one soon."""
    for _ in range(20):
        c = rng.choice(BROAD)
        if not is_inside(c):
            break
    return c


class Node:
    """common: Python has it too. groups: captures below, whose order is that
    of their opening brackets."""
    common = True
    children = ()

    def pcre(self):
        raise NotImplementedError

    def python(self):
        return self.pcre()

    def sample(self, rng, caseless):
        return ""

    def can_be_empty(self):
        return False

    def is_unbounded(self):
        return any(child.is_unbounded() for child in self.children)

    def is_common(self):
        return self.common and all(c.is_common() for c in self.children)

    def has(self, kind):
        return isinstance(self, kind) or any(c.has(kind)
                                             for c in self.children)


class Literal(Node):
    def __init__(self, text):
        self.text = text

    def pcre(self):
        return quoted(self.text)

    def sample(self, rng, caseless):
        return other_case(self.text, rng) if caseless else self.text


class Dot(Node):
    def __init__(self, newline_too=False):
        self.newline_too = newline_too

    def pcre(self):
        return "(?s:.)" if self.newline_too else "."

    def sample(self, rng, caseless):
        return rng.choice(BROAD)


class Escape(Node):
    """\\d \\w \\s and their opposites: ASCII in both languages."""

    def __init__(self, letter):
        self.letter = letter

    def pcre(self):
        return "\\" + self.letter

    def python(self):
        return f"(?a:\\{self.letter})"

    def sample(self, rng, caseless):
        inside = ESCAPES[self.letter.lower()]
        if self.letter.islower():
            return rng.choice(inside)
        return choose_outside(rng, lambda c: c in inside)


class Set(Node):
    """A class. In Python, escapes in it are an alternative beside it, for its
    other characters have cases beyond ASCII and \\w has not."""

    def __init__(self, characters, ranges, escapes, negated):
        self.characters, self.ranges = characters, ranges
        self.escapes, self.negated = escapes, negated

    def _members(self):
        return quoted(self.characters) + "".join(
            f"{quoted(a)}-{quoted(b)}" for a, b in self.ranges)

    def pcre(self):
        return "[" + "^" * self.negated + self._members() + "".join(
            "\\" + e for e in self.escapes) + "]"

    def python(self):
        if not self.escapes:
            return self.pcre()
        inside = "|".join(f"(?a:\\{e})" for e in self.escapes)
        if self._members():
            # One way for each character, or repeats take for ever.
            inside += f"|(?!{inside})[{self._members()}]"
        return f"(?:(?!{inside})(?s:.))" if self.negated else f"(?:{inside})"

    def _holds(self, c):
        return (c in self.characters
                or any(a <= c <= b for a, b in self.ranges)
                or any(c in ESCAPES[e] for e in self.escapes))

    def sample(self, rng, caseless):
        if self.negated:
            return choose_outside(rng, self._holds)
        ways = [self.characters] if self.characters else []
        ways += [ESCAPES[e] for e in self.escapes]
        ways += [a + b + chr((ord(a) + ord(b)) // 2) for a, b in self.ranges]
        c = rng.choice(rng.choice(ways))
        return other_case(c, rng) if caseless else c


class Sequence(Node):
    def __init__(self, children):
        self.children = children

    def pcre(self):
        return "".join(c.pcre() for c in self.children)

    def python(self):
        return "".join(c.python() for c in self.children)

    def sample(self, rng, caseless):
        return "".join(c.sample(rng, caseless) for c in self.children)

    def can_be_empty(self):
        return all(c.can_be_empty() for c in self.children)


class Choice(Node):
    """Alternatives, always in brackets of some kind."""

    def __init__(self, children):
        self.children = children

    def pcre(self):
        return "(?:" + "|".join(c.pcre() for c in self.children) + ")"

    def python(self):
        return "(?:" + "|".join(c.python() for c in self.children) + ")"

    def sample(self, rng, caseless):
        return rng.choice(self.children).sample(rng, caseless)

    def can_be_empty(self):
        return any(c.can_be_empty() for c in self.children)


class Repeat(Node):
    def __init__(self, child, least, most, mode):
        self.children = (child,)
        self.least, self.most, self.mode = least, most, mode
        self.common = mode != "+"

    def _count(self):
        if (self.least, self.most) in ((0, None), (1, None), (0, 1)):
            return {(0, None): "*", (1, None): "+", (0, 1): "?"}[
                self.least, self.most]
        if self.least == self.most:
            return f"{{{self.least}}}"
        return f"{{{self.least},{'' if self.most is None else self.most}}}"

    def pcre(self):
        return f"(?:{self.children[0].pcre()}){self._count()}{self.mode}"

    def python(self):
        return f"(?:{self.children[0].python()}){self._count()}{self.mode}"

    def sample(self, rng, caseless):
        most = self.least + 4 if self.most is None else self.most
        count = rng.choice([self.least, most, rng.randint(self.least, most)])
        return "".join(self.children[0].sample(rng, caseless)
                       for _ in range(min(count, 60)))

    def can_be_empty(self):
        return self.least == 0 or self.children[0].can_be_empty()

    def is_unbounded(self):
        return (self.most is None or self.most > 40
                or self.children[0].is_unbounded())


class Group(Node):
    """A capture; `number` is fixed when it is made, which is in the order of
    the opening brackets."""

    def __init__(self, number, name):
        self.number, self.name = number, name

    def pcre(self):
        start = f"(?P<{self.name}>" if self.name else "("
        return start + self.children[0].pcre() + ")"

    def python(self):
        start = f"(?P<{self.name}>" if self.name else "("
        return start + self.children[0].python() + ")"

    def sample(self, rng, caseless):
        self.last = self.children[0].sample(rng, caseless)
        return self.last

    def can_be_empty(self):
        return self.children[0].can_be_empty()


class Backreference(Node):
    def __init__(self, group):
        self.group = group

    def pcre(self):
        if self.group.name:
            return f"(?P={self.group.name})"
        return f"(?:\\{self.group.number})"

    def sample(self, rng, caseless):
        return getattr(self.group, "last", "")

    def can_be_empty(self):
        return True


class Condition(Node):
    def __init__(self, group, yes, no):
        self.group, self.children = group, (yes, no)

    def _write(self, write):
        name = self.group.name or self.group.number
        return f"(?({name}){write(self.children[0])}|{write(self.children[1])})"

    def pcre(self):
        return self._write(lambda node: node.pcre())

    def python(self):
        return self._write(lambda node: node.python())

    def sample(self, rng, caseless):
        return self.children[0].sample(rng, caseless)

    def can_be_empty(self):
        return any(c.can_be_empty() for c in self.children)


class Look(Node):
    """Looks ahead or back; back, the child has one length in characters."""
    STARTS = {"ahead": "(?=", "not ahead": "(?!", "back": "(?<=",
              "not back": "(?<!"}

    def __init__(self, kind, child):
        self.kind, self.children = kind, (child,)

    def pcre(self):
        return self.STARTS[self.kind] + self.children[0].pcre() + ")"

    def python(self):
        return self.STARTS[self.kind] + self.children[0].python() + ")"

    def sample(self, rng, caseless):
        # What is looked for ahead is there if what follows says so too.
        if self.kind == "ahead" and rng.random() < .3:
            return self.children[0].sample(rng, caseless)
        return ""

    def can_be_empty(self):
        return True


class Place(Node):
    """Anchors. Python's \\Z is PCRE2's \\z; its (?m)^ holds behind the last
    newline of a text too, and its \\B does not in an empty one."""
    PYTHON = {"^": "^", "$": "$", "\\A": "\\A", "\\z": "\\Z",
              "\\Z": "(?=\\n?\\Z)", "\\b": "(?a:\\b)", "\\B": "(?!(?a:\\b))",
              "(?m:^)": "(?:\\A|(?<=\\n)(?!\\Z))", "(?m:$)": "(?m:$)"}

    def __init__(self, kind):
        self.kind = kind

    def pcre(self):
        return self.kind

    def python(self):
        return self.PYTHON[self.kind]

    def sample(self, rng, caseless):
        return "\n" if self.kind.startswith("(?m") else ""

    def can_be_empty(self):
        return True


class Flags(Node):
    """(?i:...) and its opposite; the other flags are nodes of their own."""

    def __init__(self, caseless, child):
        self.caseless, self.children = caseless, (child,)

    def _write(self, text):
        return f"(?{'i' if self.caseless else '-i'}:{text})"

    def pcre(self):
        return self._write(self.children[0].pcre())

    def python(self):
        return self._write(self.children[0].python())

    def sample(self, rng, caseless):
        return self.children[0].sample(rng, self.caseless)

    def can_be_empty(self):
        return self.children[0].can_be_empty()


class Verbatim(Node):
    """What only PCRE2 has, as it is written, with texts that it matches."""
    common = False

    def __init__(self, text, samples, empty=False):
        self.text, self.samples, self.empty = text, samples, empty

    def pcre(self):
        return self.text

    def sample(self, rng, caseless):
        return rng.choice(self.samples)

    def can_be_empty(self):
        return self.empty


class Wrapped(Node):
    """A node between two texts that only PCRE2 has."""
    common = False

    def __init__(self, before, child, after):
        self.before, self.children, self.after = before, (child,), after

    def pcre(self):
        return self.before + self.children[0].pcre() + self.after

    def sample(self, rng, caseless):
        return self.children[0].sample(rng, caseless)

    def can_be_empty(self):
        return self.children[0].can_be_empty()


ONE_CHARACTER = (Dot, Escape, Set)

# Atoms of PCRE2 alone.
PROPERTIES = [
    ("\\p{L}", BROAD), ("\\p{Lu}", "ABK\u0412\u0416\u1c90\u13a0"),
    ("\\p{Ll}", "abk\u0432\u10d0\uab70\u01c6"), ("\\p{Lt}", "\u01c5"),
    ("\\p{Greek}", "\u03c3\u03c9\u0342\u1fbe"), ("\\p{Han}", "\u6f22\u3006"),
    ("\\p{Arabic}", "\u0639\u061f\u0664"), ("\\p{Cyrillic}", "\u0436\u1c80"),
    ("\\p{Georgian}", "\u10d0\u1c90"), ("\\p{N}", "5\u00bd\u0664\u2160"),
    ("\\p{Nd}", "5\u0664"), ("\\p{So}", "\U0001f600"), ("\\p{Zs}", " \u00a0"),
    ("\\P{L}", "1 <\u0301"), ("\\p{M}", "\u0301\u093f"), ("\\pL", "a\u044f"),
    ("\\p{Xan}", "a5\u044f"), ("\\p{Xwd}", "a_\u044f"), ("\\p{Xsp}", " \t"),
    ("\\p{L&}", "aB\u0432"), ("\\p{^L}", "1 "), ("[\\p{L}\\d-]", "a1-\u0436"),
    ("[^\\p{L}\\s]", "1<\u0301"), ("[[:alpha:]]", "aB"), ("[[:punct:]]", "<."),
    ("[[:^digit:]]", "a\u0436"), ("[[:word:]]", "a_1"), ("\\h", " \t\u00a0"),
    ("\\H", "a\n"), ("\\v", "\n\r\u2028\u0085"), ("\\V", "a \u0436"),
    ("\\N", BROAD), ("[\\h\\v]", " \n"), ("\\p{Any}", BROAD),
    ("[\\x{400}-\\x{4ff}]", "\u0436\u0412"), ("\\x{212a}", "\u212a"),
    ("\\o{141}", "a"), ("\\x6b", "k"), ("\\N{U+1c80}", "\u1c80"),
    ("\\p{Bidi_Class:AL}", "\u0639"), ("[\\p{Lu}k]", "Kk"),
]
LONGER = [
    ("\\R", ["\n", "\r\n", "\u2028", "\x0b", "\u0085"]),
    ("\\X", ["a\u0301", "\U0001f468\u200d\U0001f469", "\u0939\u093f", "\r\n",
             "\ud55c"]),
    ("\\Qa.b*\\E", ["a.b*"]), ("(?>a+|ab)b", ["aaab", "ab"]),
    ("(?>\\w{1,8})\\b", ["word"]), ("(?-s:\\N+)", ["line"]),
    ("(?i-s)x.k(?-i)", ["X1\u212a"]),
]
# Whole patterns: what cannot stand just anywhere.
WHOLE = [
    ("(\\((?:[^()]++|(?1))*+\\))", ["(a(b)c)", "((x))"]),
    ("<(?<tag>\\w++)>(?:[^<]|(?R))*+</\\k<tag>>", ["<b>x<b>y</b>z</b>"]),
    ("(?|k(1)|s(2)|(\\d))-(\\w)", ["k1-a", "S2-b", "7-z"]),
    ("(?J)(?:(?<n>a\\d)|(?<n>\u0436\\d))(?<m>x)?", ["a1x", "\u04362"]),
    ("(?i)(?J)(?:(?<n>k)|(?<n>s))\\k<n>", ["kK", "\u212ak", "s\u017f"]),
    ("(?:<!--(?s:.*?)-->(*SKIP)(*F)|\\bword)", ["<!-- word -->", "word"]),
    ("a+(*PRUNE)b|.c", ["aac", "aab"]), ("(?:a(*THEN)b|a)c", ["ac", "abc"]),
    ("(?:x(*COMMIT)y|z)", ["xy", "z"]), ("foo\\Kbar", ["foobar"]),
    ("\\w+\\K\\W", ["word "]), ("k\\K", ["kkk"]), ("\\G\\w", ["abc"]),
    ("(?(DEFINE)(?<d>\\d{1,3}))\\b(?&d)\\.(?&d)", ["127.0"]),
    ("(?<=ab|c)d", ["abd", "cd"]), ("(?<!ab|\u0436)d", ["xd"]),
    ("(?x) k \\s* = # a comment\r\\s* \\w", ["k = a"]),
    ("(*UCP)\\b\\w+\\b", ["stra\u00dfe \u0436\u0436"]),
    ("(*UCP)(?i)\\x{17f}\\w\\d", ["s\u04365"]), ("(*ANYCRLF)(?m)^\\w$", ["a\r"]),
    ("(*CRLF)(?m)^.+$", ["line\r\n"]), ("(*BSR_ANYCRLF)a\\R", ["a\r\n"]),
    ("(?m)^(?=.)", ["\nx"]), ("(?=a)b?a", ["a"]), ("(?i)(?=s)\u00df?s", ["S"]),
    ("(a)?(?(1)b|c)", ["ab", "c"]), ("(?C1)ab(?C2)", ["ab"]),
    ("(?i)ma\u00dfe?", ["MA\u1e9eE"]), ("(?i)\u01c5", ["\u01c4", "\u01c6"]),
    ("(?^)(?i)k(?^)K", ["kK"]), ("(?n)(a)(?<b>\\d)", ["a1"]),
    ("(?U)<.+>", ["<a><b>"]), ("a{0}b", ["b"]), ("(?:a|ab)(?:c|bcd)(d*)",
                                               ["abcd"]),
    ("(?<![\u0430-\u044f])[\u0430-\u044f]{2,}(?!\\w)", ["\u0436\u0437"]),
    ("()k", ["k"]), ("(?:)", [""]), ("(?<=\u0436)", ["\u0436"]), ("\\z", [""]),
    ("(?s).*?(?=</)", ["x</"]), ("[^\\x00-\\x7f]+", ["\u0436\u6f22"]),
    (".{0,50}\\bkey\\b.{0,20}=", ["my key is ="]),
    ("(?i)(?:api|key|tok)[\\w .,-]{0,25}[:=]\\s*['\"]?([0-9a-z]{16,40})",
     ["API_key: 0123456789abcdef01"]),
]


class Maker:
    """Makes one pattern; counts what must not become too many."""

    def __init__(self, rng, common):
        self.rng, self.common = rng, common
        self.group_count = 0
        self.closed = []  # groups that may be referred to
        self.unbounded_left = 3
        self.broad_left = 1
        self.caseless = False

    # -- one character ---------------------------------------------------

    def character(self):
        return self.rng.choice([
            self.rng.choice(LETTERS), self.rng.choice(PUNCTUATION),
            self.rng.choice(self.rng.choice(CASES)), self.rng.choice(ODD),
            self.rng.choice("0123456789")])

    def set(self):
        rng = self.rng
        characters = "".join(self.character()
                             for _ in range(rng.randint(0, 3)))
        if self.common:
            # Python 3.11 knows only two scripts' cases there, in classes.
            characters = "".join(c for c in characters
                                 if c < "\U00010000" or c not in FRIENDS)
        ranges = [rng.choice(["az", "AZ", "09", "\u0430\u044f", "\u03b1\u03c9",
                              "af", "\u10d0\u10f0", " ~", "km", "\u00e0\u00ff",
                              "\u4e00\u9fff", "\u1c80\u1c88"])
                  for _ in range(rng.choice([0, 0, 1, 2]))]
        escapes = "".join(sorted(set(rng.choice("dws")
                                     for _ in range(rng.choice([0, 0, 1])))))
        if not (characters or ranges or escapes):
            characters = "k>"
        return Set(characters, ranges, escapes, rng.random() < .35)

    def one_character(self):
        way = self.rng.random()
        if way < .3:
            return Escape(self.rng.choice("dwsdwsDWS"))
        if way < .45:
            return Dot(self.rng.random() < .3)
        return self.set()

    def literal(self):
        rng = self.rng
        if rng.random() < .5:
            return Literal(rng.choice([
                "<meta ", "href=\"", "</", "name=", "kelvin", "KEY", "stra\u00dfe",
                "STRASSE", "\u0432\u043e\u0434\u0430", "\u03c3\u03bf\u03c6\u03cc\u03c2",
                "\u10d0\u10e5", "\u13a0\u13a1", "token", "secret", "\u6f22\u5b57",
                "http://", "@example.", "&amp;", "\U0001f600", "ski"]))
        return Literal("".join(self.character()
                               for _ in range(rng.randint(1, 5))))

    # -- larger ----------------------------------------------------------

    def repeat(self, depth):
        rng = self.rng
        child = (self.one_character() if rng.random() < .6
                 else self.node(depth - 1))
        broad = isinstance(child, Dot) or (isinstance(child, Set)
                                           and child.negated)
        if child.has(Repeat):
            ways = [(0, 1), (2, 2), (1, 2)]
        elif child.has(Choice) or child.has(Verbatim):
            ways = [(0, 1), (2, 2), (1, 3), (0, 4)]
        else:
            ways = [(0, 1), (2, 2), (1, 3), (0, 5), (2, 8), (0, 30)]
            if self.unbounded_left and (not broad or self.broad_left):
                ways += [(0, None), (1, None), (2, None)] * 2
        if isinstance(child, ONE_CHARACTER):
            ways += [(3, 60), (16, 40)]
        least, most = rng.choice(ways)
        if child.can_be_empty():
            least, most = 0, 1
        if most is None or most > 30:
            self.unbounded_left -= 1
            self.broad_left -= broad
        modes = ["", "", "?"] if self.common else ["", "?", "+"]
        return Repeat(child, least, most, rng.choice(modes))

    def group(self, depth):
        rng = self.rng
        self.group_count += 1
        name = f"g{self.group_count}" if rng.random() < .3 else None
        group = Group(self.group_count, name)
        group.children = (self.node(depth - 1),)
        self.closed.append(group)
        return group

    def fixed(self):
        """Of one length: for looking back."""
        return self.rng.choice([
            lambda: Literal(self.character()), self.one_character,
            lambda: Sequence([Literal(self.character()),
                              self.one_character()])])()

    def look(self, depth):
        kind = self.rng.choice(sorted(Look.STARTS))
        if "back" in kind:
            return Look(kind, self.fixed())
        return Look(kind, self.without_groups(depth))

    def without_groups(self, depth):
        """Captures in what is looked at are kept or not as the engine likes."""
        count, closed = self.group_count, list(self.closed)
        while True:
            node = self.node(depth - 1)
            if not node.has(Group):
                return node
            self.group_count, self.closed = count, list(closed)

    def reference(self, depth):
        if not self.closed or self.caseless:
            return self.literal()
        group = self.rng.choice(self.closed)
        if self.rng.random() < .3:
            yes = self.without_groups(depth)
            return Condition(group, yes, self.without_groups(depth))
        return Backreference(group)

    def flags(self, depth):
        before = self.caseless
        self.caseless = self.rng.random() < .8
        node = Flags(self.caseless, self.node(depth - 1))
        self.caseless = before
        return node

    def choice(self, depth):
        return Choice([self.node(depth - 1)
                       for _ in range(self.rng.randint(2, 4))])

    def place(self):
        return Place(self.rng.choice(sorted(Place.PYTHON) + ["\\b"] * 6))

    def special(self):
        rng = self.rng
        if rng.random() < .7:
            text, samples = rng.choice(PROPERTIES)
            node = Verbatim(text, list(samples))
            if self.unbounded_left and rng.random() < .5:
                self.unbounded_left -= 1
                return Repeat(node, 1, None, rng.choice(["", "?", "+"]))
            return node
        text, samples = rng.choice(LONGER)
        return Verbatim(text, samples)

    def node(self, depth):
        rng = self.rng
        if depth <= 0:
            return (self.literal() if rng.random() < .5
                    else self.one_character())
        if not self.common and rng.random() < .25:
            if rng.random() < .8:
                return self.special()
            return Wrapped("(?>", self.choice(depth), ")")
        way = rng.random()
        if way < .25:
            return self.literal()
        if way < .45:
            return self.repeat(depth)
        if way < .62:
            return self.group(depth)
        if way < .72:
            return self.choice(depth)
        if way < .78:
            return self.flags(depth)
        if way < .83:
            return self.look(depth)
        if way < .88:
            return self.reference(depth)
        if way < .93:
            return self.place()
        return Sequence([self.node(depth - 1)
                         for _ in range(rng.randint(2, 3))])

    def pattern(self):
        node = Sequence([self.node(3)
                         for _ in range(self.rng.randint(1, 4))])
        if self.rng.random() < .25:
            self.caseless = True
            return Flags(True, node) if not node.has(Backreference) else node
        return node


class Pattern:
    """What is searched for: `regex` as PCRE2 writes it; `python` as Python
    does, None where it cannot."""

    def __init__(self, name, node):
        self.name, self.node = name, node
        self.regex = node.pcre()
        self.python = node.python() if node.is_common() else None

    def sample(self, rng, caseless):
        return self.node.sample(rng, caseless)


def make_pattern(name, rng, common, caseless):
    """A pattern. Not common: with something that only PCRE2 has, often."""
    if not common and rng.random() < .4:
        text, samples = rng.choice(WHOLE)
        return Pattern(name, Verbatim(text, samples))
    while True:
        maker = Maker(rng, common)
        maker.caseless = caseless
        pattern = Pattern(name, maker.pattern())
        if len(pattern.regex) > 1000 or "\n" in pattern.regex \
                or pattern.regex.endswith("\r"):
            continue
        # What matches everywhere costs much and shows little.
        is_poor = pattern.node.can_be_empty() or len(pattern.regex) < 6
        if not is_poor or rng.random() < .1:
            return pattern
