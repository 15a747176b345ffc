#!/usr/bin/python3
"""Reads pages with aiohttp, 64 at once, and does nothing with them: URLS."""

import asyncio
import sys

import aiohttp


async def read(session, url):
    async with session.get(url) as response:
        await response.read()
        return response.status


async def main(urls):
    with open(urls) as lines:
        urls = lines.read().split()
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector) as session:
        states = await asyncio.gather(*(read(session, url) for url in urls))
    if any(state != 200 for state in states):
        sys.exit("some pages are not there")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
