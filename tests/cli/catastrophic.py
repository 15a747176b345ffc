"""Known catastrophic patterns, each on its attack string: the search ends
within the page's time and a second, the outcome names the limit if there was
one, and the matches of two other patterns stand.

    catastrophic.py FETCHGREP
"""

import json
import os
import re
import resource
import subprocess
import sys

PAGE_TIME_S = 0.3
CLOUDFLARE = (r"""(?:(?:\"|'|\]|\}|\\|\d|(?:nan|infinity|true|false|null|"""
              r"""undefined|symbol|math)|\`|\-|\+)+[)]*;?((?:\s|-|~|!|{}|"""
              r"""\|\||\+)*.*(?:.*=.*)))""")
EMAIL = (r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}"
         r"(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$")

# What a pattern cannot do without stands at the end, where it does not help:
# else a look for that would end the search at once.
CASES = [
    ("repeat of a repeat", r"(a+)+$", "a" * 40000 + "!"),
    ("alternatives that overlap", r"(a|aa)+$", "a" * 5000 + "!"),
    ("repeat of anything", r"(.*)*x", "a" * 30000 + "\nx"),
    ("Java class name", r"(?m)^(([a-z])+.)+[A-Z]([a-z])+$",
     "a" * 50000 + "\nA"),
    ("x+x+y", r"(x+x+)+y", "x" * 30000 + "\ny"),
    ("Cloudflare 2019", CLOUDFLARE,
     "x=" + "1" * 30000 + "x" * 30000 + "\n="),
    ("tag and its end", r"<(\w+)[^>]*>(?s:.*?)</\1>",
     "<a>" * 100000 + "</b>"),
    ("e-mail address", "(?m)" + EMAIL, "a" * 30000 + "!@a.\n"),
    ("JIT stack", r"(?:(a|b|\n)(?:c|d)?)*!", "abac" * 400000 + "?!"),
    ("deep recursion", r"(\((?:[^()]|(?1))*\))", "(" * 300000 + ")"),
    ("recursion to the end", r"(?m)^(a(?1)?b|a)$", "a" * 300000 + "b"),
    ("recursion in place", r"(?s)((?:(?1)|.){2,})z", "a" * 30000 + "\nz"),
    ("blanks at the end", r"\s+$", " " * 200000 + "x"),
    ("lookahead and back", r"(?=(a+))a*b\1", "a" * 40000 + "\nb"),
    ("HTML comment", r"<!--(.|\n)*-->", "<!--" * 30000 + "x->"),
    ("dots in a row", r".*.*.*=.*", "x" * 20000 + "\n="),
    ("bounded repeats", r"(?:a?){60}a{60}$", "a" * 59 + "b"),
    ("words in a row", r"\w+\s*\w+\s*\w+=", "a" * 30000 + "\n="),
    ("references to anything", r"(.*)(.*)(.*)(.*)[ab]\1\2\3\4[cd]",
     "x" * 3000 + "ab\nd"),
    ("columns of a table", r"(?sm)^(.*?,){40}P", "1," * 20000 + "P"),
    ("atomic in a repeat", r"(?>(a+))+$", "a" * 100000 + "!"),
    ("beyond ASCII", "(?i)((\u017f|s)+)+\u212a", "sS\u017f" * 10000 + "!k"),
    ("combining characters", r"(\X+)+\d!", "e\u0301" * 10000 + "1"),
    ("no windows", "(*CRLF)(?:(a|b)+)+;", "ab" * 20000 + "\n;"),
]
TRIES = 3
OTHERS = "first\t\\Astart\nlast\tend\\z\n"
LIMITS = ("match limit", "heap limit", "depth limit", "JIT stack limit",
          "memory", "page time (--page-time)",
          "nested recursion at the same subject position")


def children_cpu_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def search(fetchgrep, regex, text, options):
    """The outcome, the patterns that matched, and the processor's seconds.
    (Those of the clock depend on what else this machine does.)"""
    with open("patterns", "w", encoding="utf-8", newline="\n") as file:
        file.write(f"bad\t{regex}\n{OTHERS}")
    with open("page.html", "w", encoding="utf-8", newline="\n") as file:
        file.write(f"start\n{text}\nend")
    before = children_cpu_s()
    subprocess.run([fetchgrep, "extract", "page.html", "-f", "patterns", "-o",
                    "out", "--restart", "--progress", "none", "-j", "1",
                    "--page-time", f"{int(PAGE_TIME_S * 1000)}ms", *options],
                   check=True, timeout=30)
    took_s = children_cpu_s() - before
    with open("out/outcomes.jsonl", encoding="utf-8") as file:
        outcome = json.loads(file.read())
    with open("out/matches.jsonl", encoding="utf-8", newline="\n") as file:
        names = {json.loads(line)["pattern"] for line in file}
    return outcome, names, took_s


def fault(outcome, names, took_s):
    if took_s > PAGE_TIME_S + 1:
        return f"took {took_s:.1f} s"
    if not {"first", "last"} <= names:
        return f"only these matched: {sorted(names)}"
    if outcome["outcome"] == "ok":
        return None
    detail = outcome.get("detail", "")
    limit = re.fullmatch(r'pattern "bad": (.*) reached, '
                         r"searching from offset \d+", detail)
    if outcome["outcome"] != "pattern-limit" or not limit \
            or limit[1] not in LIMITS:
        return f"outcome {outcome['outcome']}: {detail}"
    return None


def main():
    limited = 0
    for number, (name, regex, text) in enumerate(CASES):
        # Without the prefilter, which would spare most of them the search.
        options = ["--no-prefilter"] if number % 4 else []
        options += ["--isolation", ["threads", "processes"][number % 2]]
        # The time of a page is the wall's: on a machine that does other things
        # it may be over before anything was searched.
        for _ in range(TRIES):
            outcome, names, took_s = search(sys.argv[1], regex, text, options)
            if names:
                break
        limited += outcome["outcome"] == "pattern-limit"
        if os.environ.get("SHOW"):
            print(f"{took_s:.2f} {outcome['outcome']} "
                  f"{outcome.get('detail', '')}", file=sys.stderr)
        print(f"{name}: {fault(outcome, names, took_s) or 'ended'}")
    print("limits were reached" if limited > len(CASES) // 2
          else f"only {limited} reached a limit: the cases are no attacks")


main()
