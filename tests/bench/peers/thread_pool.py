#!/usr/bin/python3
"""The thread-pool model as its tutorials write it: URLS MATCHES."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

PATTERN = re.compile("<meta .*?>")


def find(url):
    with urlopen(url, timeout=60) as response:
        return PATTERN.findall(response.read().decode())


def main(urls, matches):
    with open(urls) as lines:
        urls = lines.read().split()
    with ThreadPoolExecutor(max_workers=64) as pool, open(matches, "w") as out:
        for found in pool.map(find, urls):
            out.writelines(match + "\n" for match in found)


if __name__ == "__main__":
    main(*sys.argv[1:])
