"""What a suite file's `model.generate` names: a function that answers, or what has to be made or entered first."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ..domain.errors import ConfigError

PARAMETERS = ("messages", "question", "turn", "run")
"""What a chatbot may be told, by name."""
_NAMES = ", ".join(PARAMETERS)


@dataclass(frozen=True)
class Answers:
    """A function that answers.

    Args:
        takes: which of `PARAMETERS`.
        is_async: it is a coroutine function; any other may block, and is called in a thread.
    """

    function: Callable[..., Any]
    takes: tuple[str, ...] = PARAMETERS
    is_async: bool = False

    @classmethod
    def of(cls, found: Any, name: str) -> Answers:
        """The function, once its parameters are found to be ours.

        Args:
            name: what messages call it.

        Raises:
            ConfigError: it cannot be called, or not with what a chatbot is told.
        """
        if not callable(found):
            raise ConfigError(f"{name} is {_a(found)}, which cannot be called")
        return cls(found, _taken(found, name), _is(inspect.iscoroutinefunction, found))


@dataclass(frozen=True)
class Made:
    """What is made once a run, in the engine's loop.

    Args:
        make: called without arguments; gives a context manager or the function that answers, or an awaitable of one.
        name: what messages call it.
    """

    make: Callable[[], object]
    name: str

    async def opened(self) -> AbstractAsyncContextManager[object] | Answers:
        """What it gives: something to enter, or a function already.

        Raises:
            ConfigError: neither.
        """
        made = self.make()
        if isinstance(made, Awaitable):
            made = await made
        if isinstance(made, AbstractAsyncContextManager):
            return made
        if isinstance(made, AbstractContextManager):
            raise ConfigError(
                f"{self.name}() gives a context manager that is not async (contextlib.asynccontextmanager)"
            )
        return Answers.of(made, f"what {self.name}() gives")


def target_of(found: Any, name: str) -> Answers | Made:
    """What an object that a suite file names stands for.

    Args:
        name: what messages call it, `module:object`.

    Raises:
        ConfigError: it is nothing that answers.
    """
    if isinstance(found, type):
        calls = any("__call__" in vars(base) for base in found.__mro__)
        if not (calls or issubclass(found, AbstractAsyncContextManager)):
            raise ConfigError(f"{name} is a class whose objects can neither be called nor entered with `async with`")
        needed = _required(found, name)
        if needed:
            raise ConfigError(f"{name} is a class that needs {', '.join(needed)}; it is called without arguments")
        return Made(found, name)
    if isinstance(found, AbstractAsyncContextManager):
        return Made(lambda: found, name)
    if not callable(found):
        raise ConfigError(f"{name} is {_a(found)}, which can neither be called nor entered with `async with`")
    makes = not _required(found, name) and not _ours(_parameters(found, name))
    if _is(inspect.isasyncgenfunction, found) or _is(inspect.isgeneratorfunction, found):
        wanted = "put @contextlib.asynccontextmanager above it" if makes else "return the whole text"
        raise ConfigError(f"{name} yields; {wanted}")
    return Made(found, name) if makes else Answers.of(found, name)


def _ours(parameters: list[inspect.Parameter]) -> tuple[str, ...]:
    """What of `PARAMETERS` a function takes; all, where it takes whatever comes."""
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return PARAMETERS
    return tuple(one.name for one in parameters if one.name in PARAMETERS)


def _taken(function: Callable[..., Any], name: str) -> tuple[str, ...]:
    parameters = _parameters(function, name)
    taken = _ours(parameters)
    by_place = [one.name for one in parameters if one.kind is inspect.Parameter.POSITIONAL_ONLY]
    strange = by_place or [one for one in _required(function, name) if one not in PARAMETERS]
    if strange:
        plural = "parameters" if len(strange) > 1 else "a parameter"
        raise ConfigError(
            f"{name} has {plural} {', '.join(strange)}; it is called by name with those of {_NAMES} that it takes"
        )
    if not taken:
        raise ConfigError(f"{name} takes none of {_NAMES}, and so cannot know what is asked")
    return taken


def _required(function: Callable[..., Any], name: str) -> list[str]:
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        one.name
        for one in _parameters(function, name)
        if one.default is inspect.Parameter.empty and one.kind not in variable
    ]


def _parameters(function: Callable[..., Any], name: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{name}: its parameters cannot be read ({error}); name a function written in Python"
        ) from error


def _is(kind: Callable[[Any], bool], found: Any) -> bool:
    """Whether a function, or the `__call__` of an object, is of a kind."""
    return kind(found) or kind(type(found).__call__)


def _a(found: object) -> str:
    name = type(found).__name__
    return "None" if found is None else f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
