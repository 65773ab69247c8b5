"""A user's own chatbot as something that is made once a run, entered before the first answer and left at the end."""

from __future__ import annotations

import asyncio
from typing import Any

from ..domain.errors import ConfigError
from .bot_target import Answers, Made

OPENING_SECONDS = 600.0
"""An index may take minutes; whatever takes longer than this hangs."""
CLOSING_SECONDS = 20.0


class Opening:
    """Holds a context manager open in one task: tasks that belong to it, as anyio's do, end in the one that began them.

    Args:
        made: what gives it.
    """

    def __init__(self, made: Made) -> None:
        self._name = made.name
        self._left = asyncio.Event()
        self._opened: asyncio.Future[Answers | None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(made))

    async def outcome(self) -> Answers | BaseException:
        """The function that answers, once everything is entered, or what went wrong."""
        either: set[asyncio.Future[Any]] = {self._opened, self._task}
        await asyncio.wait(either, timeout=OPENING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        answers = self._opened.result() if self._opened.done() else None
        if answers is not None:
            return answers
        if not self._task.done():
            self._task.cancel()
            return ConfigError(f"{self._name} was not entered within {OPENING_SECONDS / 60:.0f} minutes")
        return self._what_ended_it()

    @property
    def lost(self) -> BaseException | None:
        """What ended it before it was left, as a connection that broke under a task group."""
        return self._what_ended_it() if self._task.done() and not self._left.is_set() else None

    async def leave(self) -> BaseException | None:
        """Leaves it; gives what went wrong."""
        was_open = self._opened.done()
        self._left.set()
        if not was_open:  # the run ends before it is open
            self._task.cancel()
        await asyncio.wait({self._task}, timeout=CLOSING_SECONDS)
        if not self._task.done():
            self._task.cancel()
            return ConfigError(f"{self._name} was not left within {CLOSING_SECONDS:.0f} s")
        return self._task.result() if was_open and not self._task.cancelled() else None

    async def _hold(self, made: Made) -> BaseException | None:
        """Enters, waits and leaves; gives what went wrong, as a value: a loop ends by a SystemExit of a task."""
        try:
            opened = await made.opened()
            if isinstance(opened, Answers):
                await self._until_left(opened)
            else:
                async with opened as given:
                    await self._until_left(Answers.of(given, f"what entering {self._name} gives"))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the user's code, whatever it does
            return error
        return None

    async def _until_left(self, answers: Answers) -> None:
        self._opened.set_result(answers)
        await self._left.wait()

    def _what_ended_it(self) -> BaseException:
        error = None if self._task.cancelled() else self._task.result()
        return error or asyncio.CancelledError()
