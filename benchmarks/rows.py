"""The measures of speed, each a function that yields rows; ratios where machines differ, which are shared besides."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pytest_mtbench.domain.chat import ChatRequest
from pytest_mtbench.domain.endpoint import Endpoint
from pytest_mtbench.domain.tally import CallCount
from pytest_mtbench.engine.client import OpenAIClient
from pytest_mtbench.engine.limits import Limiter
from pytest_mtbench.engine.terms import Terms
from tests.engine_harness import plan_of, running

from .endpoint import REPLAY, served, work
from .runs import Row, asking, pytest_run, started, write_questions
from .start import EMPTY, inactive, start

Measure = Callable[[Path, int], Iterator[Row]]
LATENCY = 0.25
REQUESTS = 320


def busy(folder: Path, times: int) -> Iterator[Row]:
    """How long the endpoint is busy, held against the least time that so many places allow."""
    for places, goal in ((8, 1.05), (32, 1.2), (80, 1.5)):
        # Answers fill the places in rounds; the last judgments follow.
        bound = LATENCY * (REQUESTS / 2 / places + 1)
        found = []
        for time_ in range(times):
            with served(str(LATENCY)) as endpoint:
                pytest_run(folder, *asking(endpoint, limit=places), f"--mtbench-cache-dir=b{places}-{time_}")
                seen = endpoint.busy()
            assert seen.requests == REQUESTS, seen
            found.append(seen.seconds / bound)
        yield Row("busy", f"busy / bound at {places}+{places}", found, goal)


def client(folder: Path, times: int, requests: int = 1000) -> Iterator[Row]:
    """Processor time of a request in the client alone, 32 in flight."""
    found = []
    for _ in range(times):
        with served("0.02") as endpoint:
            found.append(1000 * asyncio.run(_in_the_client(endpoint.url, requests, 32))[0] / requests)
    yield Row("client", "ms of CPU a request in the client", found, 1.0)


def engine(folder: Path, times: int) -> Iterator[Row]:
    """Processor time of a request in the engine, with the cache on, and whether it grows with the questions."""
    found: dict[int, list[float]] = {300: [], 2000: []}
    for time_ in range(times):
        for count, values in found.items():
            with served("0.02") as endpoint:
                seconds = asyncio.run(_in_the_engine(endpoint.url, folder / f"e{time_}-{count}", count))
            values.append(1000 * seconds / (4 * count))
    yield Row("engine", "ms of CPU a request in the engine, cache on", found[300], 2.5)
    growth = [many / few for few, many in zip(found[300], found[2000], strict=True)]
    yield Row("engine", "the same of 2,000 questions / of 300", growth, 1.1)


def cached(folder: Path, times: int) -> Iterator[Row]:
    """A run whose replies are all cached, held against as many empty tests."""
    (folder / "test_empty.py").write_text(EMPTY, encoding="utf-8")
    found = []
    with served() as endpoint:
        options = [*asking(endpoint), "--mtbench-cache-dir=c"]
        pytest_run(folder, *options, "--ignore=test_empty.py")
        for _ in range(times):
            bare = pytest_run(folder, "-p", "no:mtbench", "test_empty.py")
            found.append(pytest_run(folder, *options, "--ignore=test_empty.py").wall / bare.wall)
    yield Row("cached", "everything cached / 160 empty tests", found, 2.0)


def shared(folder: Path, times: int) -> Iterator[Row]:
    """Two runs at once on one cache folder: how long the endpoint is busy, held against one run's bound."""
    bound = LATENCY * (REQUESTS / 2 / 8 + 1)
    found, asked = [], []
    for time_ in range(times):
        with served(str(LATENCY)) as endpoint:
            options = [*asking(endpoint, limit=8), f"--mtbench-cache-dir=s{time_}"]
            with started(folder, *options) as one, started(folder, *options) as other:
                one.end()
                other.end()
            seen = endpoint.busy()
        found.append(seen.seconds / bound)
        asked.append(float(seen.requests))
    yield Row("shared", "two runs at once / one run's bound", found, 0.65)
    yield Row("shared", "requests of both", asked, REQUESTS)


def large(folder: Path, times: int, count: int = 10_000) -> Iterator[Row]:
    """Many questions, all cached; measured once, since it takes minutes."""
    few, many = (write_questions(folder / f"q{size}", size) for size in (count // 10, count))
    with served() as endpoint:
        walls, memory = [], 0.0
        for questions in (few, many):
            options = [*asking(endpoint, questions, limit=64), f"--mtbench-cache-dir={questions.name}-cache"]
            pytest_run(folder, *options)
            cost = pytest_run(folder, *options)
            walls.append(cost.wall)
            memory = cost.megabytes
        collection = pytest_run(folder, *asking(endpoint, many), "--collect-only").wall
    yield Row("large", "ms a turn, 10,000 questions cached", [1000 * walls[1] / (2 * count)], 2.5)
    yield Row("large", "ms a turn of these / of 1,000 questions", [walls[1] / walls[0] / 10], 1.1)
    yield Row("large", "MB", [memory], 400)
    yield Row("large", "seconds of collection alone", [collection], 15)


def flight(folder: Path, times: int, requests: int = 4000) -> Iterator[Row]:
    """A thousand requests in flight: requests a second, held against a client that does nothing else."""
    found = []
    for _ in range(times):
        with served("0.2") as endpoint:
            ours = asyncio.run(_in_the_client(endpoint.url, requests, 1000))[1]
        with served("0.2") as endpoint:
            bare = asyncio.run(_bare(endpoint.url, requests, 1000))
        found.append(bare / ours)
    yield Row("flight", "requests a second with 1,000 in flight / bare client", found, 0.25, more=True)


def uneven(folder: Path, times: int, places: int = 16) -> Iterator[Row]:
    """Latencies as real ones are, drawn by what is asked: busy time, held against the least work of a place."""
    if not REPLAY.is_file():
        print("uneven: only the replaying server draws latencies", flush=True)
        return
    fresh: list[float] = []
    hinted: list[float] = []
    for seed in range(times):
        for found, options in ((fresh, []), (hinted, ["--mtbench-cache=refresh"])):
            log = folder / f"{seed}-{len(options)}.jsonl"
            with served(f"lognormal:0.5,0.6,{seed}", log) as endpoint:
                pytest_run(folder, *asking(endpoint, limit=places), f"--mtbench-cache-dir=u{seed}", *options)
                found.append(endpoint.busy().seconds * places / max(work(log).values()))
    yield Row("uneven", "busy / work a place, lognormal latency", fresh, 1.3)
    yield Row("uneven", "the same with an earlier run's latencies", hinted, 1.2)


def workers(folder: Path, times: int) -> Iterator[Row]:
    """What `-n 4` adds."""
    with served() as endpoint:  # what workers load is compiled before they are timed
        pytest_run(folder, *asking(endpoint), "--mtbench-cache=off", "--mtbench-limit=1", "-n4")
    found, asked = [], []
    for time_ in range(times):
        walls = []
        for name, options in (("none", []), ("four", ["-n4"])):
            with served(str(LATENCY)) as endpoint:
                walls.append(
                    pytest_run(folder, *asking(endpoint), f"--mtbench-cache-dir=w{time_}{name}", *options).wall
                )
                asked.append(float(endpoint.busy().requests))
        found.append(walls[1] / walls[0])
    yield Row("workers", "-n 4 / none", found, 1.25)
    yield Row("workers", "requests", asked, REQUESTS)


MEASURES: dict[str, Measure] = {
    one.__name__: one for one in (busy, start, client, engine, cached, inactive, shared, large, flight, uneven, workers)
}


async def _in_the_client(url: str, requests: int, places: int) -> tuple[float, float]:
    """Processor and wall seconds of so many requests."""
    client = OpenAIClient(Endpoint(url=url, connect_url=url), Limiter(places))
    asked = [_request(url, number) for number in range(requests)]
    terms = Terms((0,), CallCount())
    await asyncio.gather(*(client.complete(one, terms) for one in asked[:places]))  # connects
    cpu, wall = time.process_time(), time.monotonic()
    await asyncio.gather(*(client.complete(one, terms) for one in asked))
    spent = time.process_time() - cpu, time.monotonic() - wall
    await client.close()
    return spent


def _request(url: str, number: int) -> ChatRequest:
    return ChatRequest(url, "m", ({"role": "user", "content": f"Question {number}: " + "word " * 60},), 0.0, 64)


async def _in_the_engine(url: str, folder: Path, count: int) -> float:
    plan = plan_of(write_questions(folder, count), url)
    async with running(plan, folder / "cache", limit=32) as run:
        cpu = time.process_time()
        await asyncio.gather(*(run.engine.turn(key) for key in plan.turns()))
        return time.process_time() - cpu


async def _bare(url: str, requests: int, places: int) -> float:
    """Wall seconds of a client that writes the same bytes and reads to the end of each reply."""
    where = urlsplit(url)
    body = json.dumps({"model": "m", "messages": list(_request(url, 0).messages), "max_tokens": 64}).encode()
    head = f"POST {where.path}/chat/completions HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
    left = iter(range(requests))

    async def ask_on() -> None:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        for _ in left:
            writer.write(head.encode() + body)
            reply = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(reply.partition(b"content-length:")[2].split()[0]))
        writer.close()

    began = time.monotonic()
    await asyncio.gather(*(ask_on() for _ in range(places)))
    return time.monotonic() - began
