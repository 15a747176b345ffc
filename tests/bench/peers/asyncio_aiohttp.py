#!/usr/bin/python3
"""The coroutine model as its tutorials write it: URLS MATCHES."""

import asyncio
import re
import sys

import aiohttp

PATTERN = re.compile("<meta .*?>")


async def find(session, url):
    async with session.get(url) as response:
        return PATTERN.findall(await response.text(encoding="utf-8"))


async def main(urls, matches):
    with open(urls) as lines:
        urls = lines.read().split()
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector) as session:
        pages = await asyncio.gather(*(find(session, url) for url in urls))
    with open(matches, "w") as out:
        for found in pages:
            out.writelines(match + "\n" for match in found)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
