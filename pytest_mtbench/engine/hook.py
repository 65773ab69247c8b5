"""A user's own replacement for the call of the model: called so that nothing that it does holds up the run."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from ..domain.errors import UnscoredError
from ..domain.question import Question
from .daemons import DaemonThreads
from .limits import Limiter
from .patience import Announce

NAME = "pytest_mtbench_generate"

Generate = Callable[[list[Any], Question, int, int], Any]
"""Messages, question, turn and run -> a text or None, or an awaitable of one."""

Redact = Callable[[str], str]
"""A text without what no output may hold."""


class _Outcome(NamedTuple):
    """What a call came to.  A value: an asyncio future takes no StopIteration, and pytest.skip is no Exception."""

    given: object
    error: BaseException | None = None


class Hook:
    """Calls a user's function or coroutine.

    A plain function runs in a thread, since it would hold up every other request; in as many as the model's limit.

    Args:
        redact: for what it gives and raises, which may hold the key that it used.
        announce: says at once that it takes too long.
    """

    def __init__(self, generate: Generate, redact: Redact, announce: Announce) -> None:
        self._generate = generate
        self._redact = redact
        self._announce = announce
        self._threads: dict[Limiter, DaemonThreads] = {}

    async def text(self, limiter: Limiter, most: int, seconds: float, *arguments: Any) -> str | None:
        """What it answers, or None where it leaves that to the model.

        Args:
            limiter: the model's; `most`: its greatest limit.
            seconds: how long it may take.
            arguments: those of `Generate`.

        Raises:
            UnscoredError: it raised, hangs, or gave something else than a text.
        """
        threads = self._threads.setdefault(limiter, DaemonThreads(most, "mtbench-hook"))
        call = asyncio.ensure_future(self._outcome(threads, arguments))
        try:
            # Not `wait_for`, which waits until the cancelled call has ended.
            done, _ = await asyncio.wait({call}, timeout=seconds)
        finally:
            call.cancel()
        if not done:
            self._announce(f"mtbench: {NAME} gives nothing within {seconds:g} s; is it hanging? (--mtbench-timeout)")
            raise UnscoredError(
                f"{NAME} gave nothing within {seconds:g} s; if it is not hanging, --mtbench-timeout allows it more"
            )
        outcome = _Outcome(None, asyncio.CancelledError()) if call.cancelled() else call.result()
        if outcome.error is not None:
            said = self._redact(_said(outcome.error))[:500]
            raise UnscoredError(f"{NAME} raised {type(outcome.error).__name__}: {said}") from None
        if outcome.given is not None and not isinstance(outcome.given, str):
            raise UnscoredError(f"{NAME} gave {type(outcome.given).__name__}, not a text")
        return None if outcome.given is None else self._redact(outcome.given)

    def close(self) -> None:
        """Lets go of its threads, be they in a call that hangs."""
        for threads in self._threads.values():
            threads.shutdown()

    async def _outcome(self, threads: DaemonThreads, arguments: tuple[Any, ...]) -> _Outcome:
        context = contextvars.copy_context()

        def call() -> _Outcome:
            try:
                return _Outcome(context.run(self._generate, *arguments))
            except BaseException as error:  # noqa: BLE001 - the user's code, whatever it does, costs this turn alone
                return _Outcome(None, error)

        outcome = await asyncio.get_running_loop().run_in_executor(threads, call)
        if outcome.error is None and inspect.isawaitable(outcome.given):
            try:
                return _Outcome(await outcome.given)
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 - as above
                return _Outcome(None, error)
        return outcome


def _said(error: BaseException) -> str:
    """What an exception says."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the user's code, as above
        return "(its text cannot be had)"
