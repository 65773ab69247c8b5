from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pytest_mtbench.engine.cache import ReplyCache
from pytest_mtbench.engine.cache_thread import CacheThread


def test_each_gets_its_own_outcome_and_an_error_is_nobody_elses(tmp_path: Path) -> None:
    async def run() -> list[object]:
        thread = CacheThread(ReplyCache(tmp_path / "cache", lambda note: None))

        def fail(cache: ReplyCache) -> object:
            raise ValueError("mine")

        outcomes = await asyncio.gather(
            thread.do(lambda cache: 1), thread.do(fail), thread.do(lambda cache: 3), return_exceptions=True
        )
        await thread.close()
        return list(outcomes)

    first, error, third = asyncio.run(run())
    assert (first, third) == (1, 3)
    assert isinstance(error, ValueError)


def test_whoever_asks_a_thread_that_is_gone_hears_of_it(tmp_path: Path) -> None:
    async def run() -> None:
        thread = CacheThread(ReplyCache(tmp_path / "cache", lambda note: None))
        await thread.close()
        for _ in range(2):
            await asyncio.wait_for(thread.do(lambda cache: 1), 5)

    with pytest.raises(RuntimeError, match="shutdown"):
        asyncio.run(run())
