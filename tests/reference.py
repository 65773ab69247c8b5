"""The tables of the documentation that are made from the code; `python -m tests.reference` writes them into the pages.

A page holds one between `<!-- made: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

import pytest

from pytest_mtbench.plugin import hookspecs
from pytest_mtbench.plugin.options import add_options
from pytest_mtbench.plugin.turn import MtbenchTurn
from pytest_mtbench.report import flag_words
from pytest_mtbench.report.schema import report_schema
from pytest_mtbench.suite.json_schema import suite_schema
from pytest_mtbench.suite.list_prices import LIST_PRICES

from .docs import name_of, pages

Row = tuple[str, ...]

OPTION_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Who is asked": (
        "model", "base-url", "judge", "judge-base-url", "against", "revision", "timeout", "retries", "concurrency",
        "judge-concurrency",
    ),
    "What is asked": ("questions", "answers", "limit", "runs", "judge-repeats", "shard", "merge"),
    "What is gated": ("suite", "min", "baseline", "people"),
    "What is written": ("report", "export", "rate-sheet", "no-github", "init"),
    "What is paid for": ("cache", "cache-dir", "dry-run"),
}  # fmt: skip
_MORE = "More"
_SUITE_SECTIONS: Mapping[str, str] = {
    "SuiteContent": "Top level",
    "ModelEndpoint": "Keys of `model`",
    "JudgeEndpoint": "Keys of `judge`",
    "AgainstSection": "Keys of `against`",
    "MinWinRate": "Keys of `against.min_win_rate`",
    "Azure": "Keys of `azure`",
    "Thresholds": "Keys of `thresholds`",
    "BaselineSection": "Keys of `baseline`",
    "PeopleSection": "Keys of `people`",
    "Concurrency": "Keys of `concurrency`",
    "PriceList": "Keys of `prices`",
    "Prices": "Keys of each price",
}
_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false"}
_LIKE_MODEL = ("JudgeEndpoint", "AgainstSection")


class _Options:
    """Stands in for pytest's parser, and keeps what it is told."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, dict[str, Any]]] = []

    def getgroup(self, *_: str) -> _Options:
        return self

    def addoption(self, name: str, **attributes: Any) -> None:
        self.kept.append((name, attributes))


def options() -> list[tuple[str, dict[str, Any]]]:
    """Every option with what it is made of."""
    kept = _Options()
    add_options(cast("pytest.Parser", kept))
    return kept.kept


def option_tables() -> str:
    """The options by what they are about, with their own help."""
    group_of = {f"--mtbench-{name}": group for group, names in OPTION_GROUPS.items() for name in names}
    parts = []
    for group in (*OPTION_GROUPS, _MORE):
        rows = [_option_row(name, said) for name, said in options() if group_of.get(name, _MORE) == group]
        if rows:
            parts.append(f"### {group}\n\n{_table(('option', 'what it does', 'default'), rows)}")
    return "\n".join(parts)


def _option_row(name: str, said: Mapping[str, Any]) -> Row:
    values = said.get("metavar") or ("MODE" if said.get("choices") else "")
    text, default = _default_apart(said["help"])
    return f"`{name}{' ' if values else ''}{values}`", text, default


def _default_apart(text: str) -> tuple[str, str]:
    found = re.search(r"\s*\(default: ([^()]*)\)", text)
    return (text[: found.start()] + text[found.end() :], found[1]) if found else (text, "")


def suite_tables() -> str:
    """The keys of a suite file, section by section."""
    schema = suite_schema()
    sections = {"SuiteContent": schema, **schema["$defs"]}
    missing = sections.keys() - _SUITE_SECTIONS.keys() - {"JurorEndpoint", "OpponentEndpoint"}
    of_model = sections["ModelEndpoint"]["properties"]
    parts = []
    for name in (*_SUITE_SECTIONS, *sorted(missing)):
        fields = sections[name]["properties"]
        head = f"### {_SUITE_SECTIONS.get(name, name)}\n\n"
        if name in _LIKE_MODEL:
            head += "Those of [`model`](#keys-of-model), as far as they make sense here, and:\n\n"
            fields = {key: field for key, field in fields.items() if field != of_model.get(key)}
        rows = [(f"`{key}`", *_key_cells(key, field)) for key, field in fields.items()]
        parts.append(head + _table(("key", "value", "what it says", "default"), rows))
    return "\n".join(parts)


def _key_cells(key: str, field: Mapping[str, Any]) -> Row:
    text = field.get("description", "")
    found = re.search(r"\s*Default: (.*?)\.?$", text)
    default = found[1] if found else _plain(field.get("default"))
    said = (text[: found.start()] if found else text).removesuffix(".")
    return _type(field), said or key.replace("_", " ").capitalize(), default


def report_tables() -> str:
    """The keys of a JSON report, object by object."""
    schema = report_schema()
    texts = {name: section.get("description", "") for name, section in schema["$defs"].items()}
    parts = [_table(("key", "value", "what it holds"), _report_rows(schema, texts))]
    for name, section in schema["$defs"].items():
        text = section.get("description", "")
        head = f"### {name}\n\n{text}{'' if text.endswith('.') else '.'}\n\n"
        parts.append(head + _table(("key", "value", "what it holds"), _report_rows(section, texts)))
    return "\n".join(parts)


def _report_rows(section: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[Row]:
    for key, field in section["properties"].items():
        kind = _type(field, link=True)
        named = re.search(r"\[(\w+)\]", kind)
        text = field.get("description") or (texts[named[1]] if named else "")
        yield f"`{key}`", kind, text.removesuffix(".")


def _type(field: Mapping[str, Any], *, link: bool = False) -> str:
    """A value's kind in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if link else "mapping"
    for several in ("anyOf", "allOf"):
        if several in field:
            kinds = [_type(one, link=link) for one in field[several] if link or one.get("type") != "null"]
            return " or ".join(dict.fromkeys(part for kind in kinds for part in kind.split(" or ")))
    if "const" in field or "enum" in field:
        return " or ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return f"list of {_type(field['items'], link=link)}" if field.get("items") else "list"
    if field.get("type") == "object":
        inner = field.get("additionalProperties")
        return f"mapping of {_type(inner, link=link)}" if link and isinstance(inner, Mapping) else "mapping"
    bounds = _bounds(field)
    word = str(field.get("type", "anything"))
    return _WORDS.get(word, word) + bounds


def _bounds(field: Mapping[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    return f", {low:g}-{high:g}" if low is not None and high is not None and high <= 10 else ""


def _plain(value: object) -> str:
    simple = isinstance(value, int | float | str) and value != "" and not isinstance(value, bool)
    return str(value) if simple else ""


def flag_table() -> str:
    """The flags in words."""
    words = flag_words._WORDS
    rows = [(f"`{flag}`", text.rstrip(".")) for flag, text in words.items()]
    return _table(("flag", "what it says"), [*rows, ("`against-...`", "the same of the other model's answer")])


def price_table() -> str:
    """The list prices that the dry run knows."""
    rows = [(f"`{name}`", f"{p.input:g}", f"{p.output:g}", p.seen) for name, p in LIST_PRICES.items()]
    return _table(("model", "in", "out", "seen in"), rows)


def turn_table() -> str:
    """What `mtbench_turn` has."""
    arguments = inspect.cleandoc(MtbenchTurn.__doc__ or "").partition("Args:\n")[2]
    found = [*_arguments(arguments), *_properties(MtbenchTurn)]
    return _table(("attribute", "what it is"), [(f"`.{name}`", text) for name, text in found])


def _properties(kind: type) -> Iterator[tuple[str, str]]:
    for name, value in vars(kind).items():
        if isinstance(value, property):
            text = " ".join(inspect.cleandoc(value.__doc__ or "").split())
            yield name, text[:1].lower() + text[1:].rstrip(".")


def hook_texts() -> str:
    """The hooks, as their declarations say."""
    parts = []
    for name, hook in vars(hookspecs).items():
        if not name.startswith("pytest_mtbench_"):
            continue
        text = inspect.cleandoc(hook.__doc__ or "").replace(".  ", ". ")
        head, _, arguments = text.partition("Args:\n")
        arguments, _, returns = arguments.partition("Returns:\n")
        parts.append(f"### `{name}({', '.join(inspect.signature(hook).parameters)})`\n\n{head.strip()}\n")
        if arguments:
            rows = [(f"`{name}`", text) for name, text in _arguments(arguments)]
            parts.append(_table(("argument", "what it is"), rows))
        if returns:
            parts.append(f"Returns {' '.join(returns.split())}\n")
    return "\n".join(parts)


def _arguments(text: str) -> Iterator[tuple[str, str]]:
    """The arguments of a docstring; `a: ...; `b`: ...` stand on one line there."""
    for line in re.split(r"\n(?=    \w+: )", text.rstrip()):
        name, _, rest = line.strip().partition(": ")
        first, *others = re.split(r"; `(\w+)`: ", " ".join(rest.split()))
        for one, said in zip([name, *others[::2]], [first, *others[1::2]], strict=True):
            yield one, said.rstrip(".")


def _table(head: Row, rows: Iterable[Row]) -> str:
    kept = list(rows)
    if not any(row[-1] for row in kept):
        head, kept = head[:-1], [row[:-1] for row in kept]
    lines = [head, tuple("---" for _ in head), *kept]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    text = re.sub(r"(?<!`)--mtbench-[a-z-]+", r"`\g<0>`", text)
    return " ".join(text.split()).replace("|", "\\|")


TABLES: Mapping[str, Callable[[], str]] = {
    "options": option_tables,
    "suite keys": suite_tables,
    "report keys": report_tables,
    "flags": flag_table,
    "list prices": price_table,
    "mtbench_turn": turn_table,
    "hooks": hook_texts,
}
_MADE = re.compile(r"(<!-- made: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """A page with its tables as they should be."""
    return _MADE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", text)


def main() -> None:
    """Writes the pages."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if with_tables(text) != text:
            page.write_text(with_tables(text), encoding="utf-8")
            print(f"{name_of(page)}: new tables")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
