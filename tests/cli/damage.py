"""Damages a sound run directory at random, ROUNDS times, each time put right
again: `fetchgrep verify` must name a fault unless no result rests on the place.

    damage.py PROGRAM DIRECTORY ROUNDS
"""

import json
import os
import random
import subprocess
import sys

#: members of the two JSON files that are for people
FREE = ("format", "fetchgrep", "inputs", "patterns", "started_at",
        "finished_at", "seconds", "pages_per_s", "bytes_per_s", "put_back",
        "archive_damage", "latency_ms", "network_down_s", "digests")


def files_of(directory):
    for folder, _, names in sorted(os.walk(directory)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name != "owner" and os.path.getsize(path):
                yield path


def free_places(text):
    """Where a JSON object has members that nothing rests on."""
    places, at = set(), 1
    decode = json.JSONDecoder().raw_decode
    while text[at - 1] in "{,":
        name, colon = decode(text, at)
        _, end = decode(text, colon + 1)
        if name in FREE:
            places.update(range(at - 1, end + 1))
        at = end + 1
    return places


def damaged(data, draw, is_json):
    """Other bytes, and whether it must be seen."""
    kind = draw.choice(["flip", "flip", "flip", "byte", "cut", "zeros"])
    at = draw.randrange(len(data))
    if kind == "cut":
        return data[:at], not is_json or at < len(data) - 2, kind, at
    if kind == "zeros":
        size = min(len(data) - at, draw.choice([1, 16, 512]))
        other = data[:at] + bytes(size) + data[at + size:]
    else:
        value = data[at] ^ 1 << draw.randrange(8)
        if kind == "byte":
            value = draw.randrange(256)
        other = data[:at] + bytes([value]) + data[at + 1:]
        size = 1
    is_free = is_json and any(place in free_places(data.decode())
                              for place in range(at, at + size))
    return other, other != data and not is_free, kind, at


def main():
    program, directory, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    draw = random.Random(5)
    paths = list(files_of(directory))
    wrong = 0
    for number in range(rounds):
        path = paths[number % len(paths)]
        is_json = os.path.basename(path) in ("run.json", "summary.json")
        with open(path, "rb") as file:
            data = file.read()
        other, must_be_seen, kind, at = damaged(data, draw, is_json)
        with open(path, "wb") as file:
            file.write(other)
        done = subprocess.run([program, "verify", directory], timeout=50,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        with open(path, "wb") as file:
            file.write(data)
        is_right = done.returncode == 1 or (not must_be_seen and
                                            done.returncode == 0)
        if not is_right:
            print(f"{path}: {kind} at {at}: status {done.returncode}: "
                  f"{done.stdout[-300:]}")
            wrong += 1
    done = subprocess.run([program, "verify", directory], check=False,
                          stdout=subprocess.DEVNULL)
    print(f"{rounds} times damaged, {wrong} wrong answers, in the end "
          f"status {done.returncode}")


main()
