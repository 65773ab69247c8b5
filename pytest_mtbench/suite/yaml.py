"""YAML with line numbers: safe loading, and where each key stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

KeyPath = tuple[str, ...]

_MOST_NODES = 20_000
"""Values of a suite file with its aliases unfolded; the largest has some hundred."""


# Dates stay text, since an API version looks like one; so do yes, no, on and off, which are no booleans in YAML 1.2.
_AS_TEXT = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")


class _Loader(yaml.SafeLoader):
    """Safe, and closer to YAML 1.2."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _AS_TEXT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), [*"tTfF"]
)


def load(text: str) -> tuple[Any, dict[KeyPath, int], list[tuple[int, str]]]:
    """Parses one YAML document.

    Returns:
        its plain values (an empty document is an empty mapping), the line of each key path, and the keys that
        stand twice, as line and path.

    Raises:
        yaml.YAMLError: not one safe YAML document.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return {}, {}, []
        if _unfolded(node, {}) > _MOST_NODES:
            problem = f"it unfolds to more than {_MOST_NODES} values"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        lines: dict[KeyPath, int] = {}
        twice: list[tuple[int, str]] = []
        _walk(node, (), lines, twice, set())
        return _construct(loader, node), lines, twice
    except (ValueError, OverflowError, RecursionError) as error:  # of the scanner, as for a character that is none
        raise yaml.MarkedYAMLError(problem=type(error).__name__, problem_mark=loader.get_mark()) from error
    finally:
        loader.dispose()


def _unfolded(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node holds, with each alias as often as it stands there; a node in itself counts once."""
    if id(node) not in known:
        known[id(node)] = 1
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        inner = parts if isinstance(node, yaml.MappingNode | yaml.SequenceNode) else ()
        known[id(node)] = 1 + sum(_unfolded(part, known) for part in inner)
    return known[id(node)]


def _construct(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    """Plain values; what PyYAML's own constructors raise becomes a YAMLError that says where."""
    try:
        return loader.construct_document(node)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        bad = next((scalar for scalar in _scalars(node, set()) if not _is_good(scalar)), node)
        problem = f"a value that its type does not allow ({type(error).__name__})"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=bad.start_mark) from error


def _scalars(node: yaml.Node, seen: set[int]) -> Iterator[yaml.Node]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                yield from _scalars(part, seen)
    elif isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _scalars(part, seen)
    else:
        yield node


def _is_good(node: yaml.Node) -> bool:
    loader = _Loader("")
    try:
        loader.construct_document(node)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, yaml.YAMLError):
        return False
    finally:
        loader.dispose()
    return True


def syntax_error(error: yaml.YAMLError, name: str) -> str:
    """One line for a document that does not parse."""
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.reader.ReaderError):
        return f"{name}: not valid YAML (a control character or one that is none, at character {error.position})"
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    place = f"{name}:{mark.line + 1}" if mark else name
    return f"{place}: not valid YAML ({problem})"


def _walk(
    node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], twice: list[tuple[int, str]], seen: set[int]
) -> None:
    if id(node) in seen:  # an alias: its keys stand where the anchor is, and it may hold itself
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value) if isinstance(key, yaml.ScalarNode) else "?")
            line = key.start_mark.line + 1
            if here in lines:
                twice.append((line, ".".join(here)))
            lines[here] = line
            _walk(value, here, lines, twice, seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*path, str(index))
            lines[here] = value.start_mark.line + 1
            _walk(value, here, lines, twice, seen)
