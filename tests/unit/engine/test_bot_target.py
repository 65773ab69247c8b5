from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.engine.bot_target import PARAMETERS, Answers, Made, target_of


def plain(messages: Any) -> str:
    return "plain"


async def coroutine(messages: Any, run: int) -> str:
    return "async"


def of_all(**told: Any) -> str:
    return "all"


class Callable:
    async def __call__(self, question: Any, other: int = 3) -> str:
        return f"object {question} {other}"

    def method(self, turn: int) -> str:
        return f"method {turn}"


class Manager:
    async def __aenter__(self) -> Any:
        return plain

    async def __aexit__(self, *_: object) -> None: ...


class Needy(Manager):
    def __init__(self, path: str) -> None: ...


class Nothing: ...


@asynccontextmanager
async def managed(size: int = 3) -> AsyncIterator[Any]:
    yield plain


@contextmanager
def managed_by_hand() -> Iterator[Any]:
    yield plain


async def yields() -> AsyncIterator[Any]:
    yield plain


def streams(messages: Any) -> Iterator[str]:
    yield "a"


async def making() -> Any:
    return Manager()


def test_a_function_is_told_what_it_names() -> None:
    expected: list[tuple[Any, tuple[str, ...], bool]] = [
        (plain, ("messages",), False),
        (coroutine, ("messages", "run"), True),
        (of_all, PARAMETERS, False),
        (Callable(), ("question",), True),
        (Callable().method, ("turn",), False),
        (functools.partial(coroutine, run=1), ("messages", "run"), True),
    ]
    for found, takes, is_async in expected:
        target = target_of(found, "bot:x")
        assert isinstance(target, Answers)
        assert (target.function, target.takes, target.is_async) == (found, takes, is_async)


async def opened(found: Any) -> Any:
    target = target_of(found, "bot:x")
    assert isinstance(target, Made)
    made = await target.opened()
    return made.function if isinstance(made, Answers) else await made.__aenter__()


@pytest.mark.parametrize("found", [Manager, Manager(), managed, lambda: Manager(), making])
def test_what_is_entered_is_made_without_arguments(found: Any) -> None:
    assert asyncio.run(opened(found)) is plain


def test_what_is_made_may_answer_itself() -> None:
    assert isinstance(asyncio.run(opened(Callable)), Callable)
    assert asyncio.run(opened(lambda: plain)) is plain


def with_one(prompt: str) -> str:
    return prompt


def with_two(prompt: str, history: str, messages: Any) -> str:
    return prompt


def by_place(messages: Any, /) -> str:
    return "x"


def with_none(temperature: float = 0) -> str:
    return "x"


ALLOWED = "it is called by name with those of messages, question, turn, run that it takes"


@pytest.mark.parametrize(
    "found, words",
    [
        (5, "bot:x is an int, which can neither be called nor entered with `async with`"),
        (None, "bot:x is None, which can"),
        (Nothing, "bot:x is a class whose objects can neither be called nor entered with `async with`"),
        (Needy, "bot:x is a class that needs path; it is called without arguments"),
        (Callable.method, f"bot:x has a parameter self; {ALLOWED}"),
        (with_one, f"bot:x has a parameter prompt; {ALLOWED}"),
        (with_two, f"bot:x has parameters prompt, history; {ALLOWED}"),
        (by_place, f"bot:x has a parameter messages; {ALLOWED}"),
        (yields, "bot:x yields; put @contextlib.asynccontextmanager above it"),
        (streams, "bot:x yields; return the whole text"),
        (dict.fromkeys, "bot:x has parameters iterable, value"),
        (getattr, "bot:x: its parameters cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused(found: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        target_of(found, "bot:x")
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    "found, words",
    [
        (lambda: "hi", "what bot:x() gives is a str, which cannot be called"),
        (with_none, "what bot:x() gives is a str, which cannot be called"),
        (lambda: with_one, f"what bot:x() gives has a parameter prompt; {ALLOWED}"),
        (lambda: lambda: "hi", "what bot:x() gives takes none of messages, question, turn, run"),
        (managed_by_hand, "bot:x() gives a context manager that is not async"),
    ],
)
def test_what_is_made_and_does_not_fit_is_refused(found: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        asyncio.run(opened(found))
    assert str(caught.value).startswith(words)
