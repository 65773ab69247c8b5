"""YAML with line numbers: safe loading, and where each key stands."""

from __future__ import annotations

from typing import Any

import yaml

Path = tuple[str, ...]


class _Loader(yaml.SafeLoader):
    """Safe; dates stay text, since an API version looks like one."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(text: str) -> tuple[Any, dict[Path, int], list[tuple[int, str]]]:
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
        lines: dict[Path, int] = {}
        twice: list[tuple[int, str]] = []
        _walk(node, (), lines, twice, set())
        return loader.construct_document(node), lines, twice
    finally:
        loader.dispose()


def syntax_error(error: yaml.YAMLError, name: str) -> str:
    """One line for a document that does not parse."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    place = f"{name}:{mark.line + 1}" if mark else name
    return f"{place}: not valid YAML ({problem})"


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int], twice: list[tuple[int, str]], seen: set[int]) -> None:
    if id(node) in seen:  # an alias: its keys stand where the anchor is, and it may hold itself
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
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
