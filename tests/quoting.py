"""What a page quotes of a command's output, held against what was printed."""

from __future__ import annotations

import re

_TIMES = re.compile(r"\b\d+(?:\.\d+)? ?s\b(?: \(\d+:\d+:\d+\))?")


def shown(text: str) -> list[str]:
    """Lines without what differs from run to run: times, and the rules that pytest draws to the terminal's width."""
    return [re.sub(r"={2,}|-{20,}", "=", _TIMES.sub("T s", line)).strip() for line in text.splitlines()]


def quotation_fault(quoted: str, output: str) -> str | None:
    """What of a quotation is not in the output; a line `...` stands for any lines."""
    printed = shown(output)
    start = 0
    for part in _parts(quoted):
        places = range(start, len(printed) - len(part) + 1)
        found = next((place for place in places if printed[place : place + len(part)] == part), None)
        if found is None:
            known = set(printed)
            strange = next((line for line in part if line not in known), part[0])
            return f"not in the output, or not in this order: {strange!r}"
        start = found + len(part)
    return None


def _parts(quoted: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in shown(quoted):
        if line == "...":
            parts.append([])
        else:
            parts[-1].append(line)
    return [part for part in parts if part]


def requoted(quoted: str, output: str) -> str | None:
    """The quotation with the output's figures in it; None where the output has other words."""
    printed = output.splitlines()
    lines, place = [], 0
    for line in quoted.splitlines():
        if line.strip() == "...":
            lines.append(line)
            continue
        form = _form(line)
        found = next((n for n in range(place, len(printed)) if _form(printed[n]) == form), None)
        if found is None:
            return None
        same = shown(line) == shown(printed[found])
        lines.append(line if same else printed[found].rstrip())
        place = found + 1
    return "\n".join(lines) + "\n"


def _form(line: str) -> str:
    """What of a line stays where only its figures change."""
    return re.sub(r"\s+", " ", re.sub(r"q?[\d.,]+", "0", shown(line)[0] if line.strip() else "")).strip()
