from __future__ import annotations

import asyncio

from pytest_mtbench.engine.ahead import Ahead


def test_so_many_are_under_way_and_the_next_begins_when_one_ends() -> None:
    async def run() -> None:
        begun: list[tuple[int, asyncio.Future[None]]] = []

        def begin(wish: int) -> asyncio.Future[None]:
            begun.append((wish, asyncio.get_running_loop().create_future()))
            return begun[-1][1]

        ahead = Ahead(begin, 2)
        ahead.add([1, 2, 3])
        ahead.add([4])
        assert [wish for wish, _ in begun] == [1, 2]
        begun[1][1].set_result(None)
        await asyncio.sleep(0)
        assert [wish for wish, _ in begun] == [1, 2, 3]
        ahead.close()
        begun[0][1].set_exception(ValueError())
        await asyncio.sleep(0)
        assert [wish for wish, _ in begun] == [1, 2, 3]
        begun[0][1].exception()

    asyncio.run(run())
