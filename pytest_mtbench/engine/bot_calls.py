"""Calls of a user's own chatbot: whatever one does, it holds up neither the run nor its end."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

from .bot_target import Answers
from .daemons import DaemonThreads

_MOST_THREADS = 10_000
"""The limit on calls in flight decides how many there are; one that hangs keeps its thread and takes none away."""
_GRACE_SECONDS = 1.0


class Outcome(NamedTuple):
    """What a call came to.  A value: an asyncio future takes no StopIteration, and pytest.skip is no Exception."""

    given: object = None
    error: BaseException | None = None
    timed_out: bool = False


class Calls:
    """Calls functions in threads and coroutine functions in the loop."""

    def __init__(self) -> None:
        self._threads: DaemonThreads | None = None
        self._running: set[asyncio.Task[Outcome]] = set()

    async def call(self, answers: Answers, told: Mapping[str, Any], seconds: float) -> Outcome:
        """What a function gives or raises.

        Args:
            told: everything that it may be told.
            seconds: how long it may take.
        """
        arguments = {name: told[name] for name in answers.takes}
        outcome = _in_loop(answers, arguments) if answers.is_async else self._in_thread(answers, arguments)
        call = asyncio.ensure_future(outcome)
        self._running.add(call)
        call.add_done_callback(self._running.discard)
        try:
            # Not `wait_for`, which waits until the cancelled call has ended.
            done, _ = await asyncio.wait({call}, timeout=seconds)
        finally:
            call.cancel()
        if not done:
            return Outcome(timed_out=True)
        return Outcome(error=asyncio.CancelledError()) if call.cancelled() else call.result()

    async def close(self) -> None:
        """Gives calls that were cancelled a moment to tidy up, and lets go of threads, be they in one that hangs."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=_GRACE_SECONDS)
        if self._threads is not None:
            self._threads.shutdown()

    async def _in_thread(self, answers: Answers, arguments: Mapping[str, Any]) -> Outcome:
        if self._threads is None:
            self._threads = DaemonThreads(_MOST_THREADS, "mtbench-bot")
        context = contextvars.copy_context()

        def call() -> Outcome:
            try:
                return Outcome(context.run(answers.function, **arguments))
            except BaseException as error:  # noqa: BLE001 - the user's code, whatever it does, costs this turn alone
                return Outcome(error=error)

        outcome = await asyncio.get_running_loop().run_in_executor(self._threads, call)
        if outcome.error is None and inspect.isawaitable(outcome.given):
            return await _awaited(outcome.given)
        return outcome


async def _in_loop(answers: Answers, arguments: Mapping[str, Any]) -> Outcome:
    return await _awaited(answers.function(**arguments))


async def _awaited(given: Any) -> Outcome:
    try:
        return Outcome(await given)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - as above
        return Outcome(error=error)
