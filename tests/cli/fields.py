"""Prints values of JSON Lines as tab-separated lines, sorted by id, pattern
and offset: fields.py FILE KEY...

Strings are printed with their control characters escaped, other values as
JSON, a missing one as "-". "KEY?" prints whether the key is there with a value
that is not empty. Every line of the file must be one JSON object.
"""

import json
import sys


def shown(record, key):
    if key.endswith("?"):
        return "yes" if record.get(key[:-1]) else "no"
    if key not in record:
        return "-"
    value = record[key]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"')
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def order(record):
    return record["id"], record.get("pattern", ""), record.get("offset", 0)


def main():
    with open(sys.argv[1], encoding="utf-8", newline="\n") as file:
        text = file.read()
    if text and not text.endswith("\n"):
        sys.exit(f"{sys.argv[1]}: the last line is torn")
    for record in sorted(map(json.loads, text.split("\n")[:-1]), key=order):
        print("\t".join(shown(record, key) for key in sys.argv[2:]))


main()
