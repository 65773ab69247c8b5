from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from pytest_mtbench.engine.daemons import DaemonThreads


def test_calls_share_threads_and_no_more_run_than_allowed() -> None:
    threads = DaemonThreads(2, "some")
    names = {threads.submit(lambda: threading.current_thread().name).result(5) for _ in range(5)}
    go = threading.Event()
    calls = [threads.submit(go.wait, 5) for _ in range(3)]
    time.sleep(0.05)
    assert [call.running() for call in calls] == [True, True, False]
    go.set()
    assert all(call.result(5) for call in calls)
    assert names <= {"some-1", "some-2"}
    threads.shutdown()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("some-")]


def test_what_a_call_raises_reaches_whoever_waits() -> None:
    threads = DaemonThreads(1, "some")
    with pytest.raises(SystemExit):
        threads.submit(sys.exit, 3).result(5)
    assert threads.submit(int, "7").result(5) == 7
    threads.shutdown()


def test_a_call_that_hangs_holds_up_neither_the_loop_nor_the_process() -> None:
    code = """
import asyncio, threading
from pytest_mtbench.engine.daemons import DaemonThreads
async def main():
    loop = asyncio.get_running_loop()
    loop.set_default_executor(DaemonThreads(1, "some"))
    loop.run_in_executor(None, threading.Event().wait)
    await asyncio.sleep(0.05)
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False).returncode == 0


def test_asyncio_takes_it_as_a_loops_default() -> None:
    async def main() -> int:
        asyncio.get_running_loop().set_default_executor(DaemonThreads(1, "some"))
        return await asyncio.to_thread(int, "7")

    assert asyncio.run(main()) == 7
