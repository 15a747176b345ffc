#!/usr/bin/python3
"""The process-pool model as its tutorials write it: URLS MATCHES."""

import os
import re
import sys
from multiprocessing import Pool
from urllib.request import urlopen


def find(url):
    with urlopen(url, timeout=60) as response:
        return re.findall("<meta .*?>", response.read().decode())


def main(urls, matches):
    with open(urls) as lines:
        urls = lines.read().split()
    with Pool(len(os.sched_getaffinity(0))) as pool, open(matches, "w") as out:
        for found in pool.map(find, urls):
            out.writelines(match + "\n" for match in found)


if __name__ == "__main__":
    main(*sys.argv[1:])
