"""What a short script of aiohttp measures: aiohttp_client.py PORT STREAMS REQUESTS TOKENS.

Prints {"ttft_s": [...], "gap_s": [...]}, of requests kept STREAMS at a time.
"""
import asyncio
import json
import sys
import time

import aiohttp


async def ask(session, url, tokens, number, ttft, gaps):
    body = {"model": "simulated", "prompt": f"p{number} w w w", "options": {"num_predict": tokens}}
    start = time.perf_counter()
    last = None
    async with session.post(url, json=body) as response:
        async for line in response.content:
            now = time.perf_counter()
            if json.loads(line).get("done"):
                break
            if last is None:
                ttft.append(now - start)
            else:
                gaps.append(now - last)
            last = now


async def main(port, streams, requests, tokens):
    url = f"http://127.0.0.1:{port}/api/generate"
    ttft, gaps, left = [], [], iter(range(requests))
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def user():
            for number in left:
                await ask(session, url, tokens, number, ttft, gaps)

        await asyncio.gather(*(user() for _ in range(streams)))
    print(json.dumps({"ttft_s": ttft, "gap_s": gaps}))


asyncio.run(main(*map(int, sys.argv[1:])))
