from __future__ import annotations

import pytest

from pytest_mtbench.scores.features import FEATURES, relative, style_difference, style_of


def style(text: str) -> dict[str, int]:
    return dict(zip(FEATURES, style_of(text), strict=True))


@pytest.mark.parametrize(
    "text, headers, bold, lists",
    [
        ("", 0, 0, 0),
        ("# One\n## Two\n###### Six\n####### seven\n#none\n a # b", 3, 0, 0),
        ("**bold** and __bold__, * not * nor ** alone\n**over\nlines**", 0, 2, 0),
        ("- a\n* b\n+ c\n  - inner\n\t2. two\n10. ten\n-none\n1) none\n3.none", 0, 0, 6),
        ("\n\n\n- after empty lines", 0, 0, 1),
        ("- **both**", 0, 1, 1),
        ("before\n```python\n# comment\n- item\n**x**\n```\n# after", 1, 0, 0),
        ("- item\n  ~~~\n  - inner\n  ~~~\n- item", 0, 0, 2),
        ("```\nx = '```'\n# two\n# comments\n```\n# after", 1, 0, 0),
        ("````\n# a\n```\n# b\n# c\n````\n# after", 1, 0, 0),
        ("# before\n```\n# never closed\n- item", 1, 0, 0),
    ],
)
def test_markdown_outside_of_code(text: str, headers: int, bold: int, lists: int) -> None:
    assert style(text) == {"length": len(text), "headers": headers, "bold": bold, "lists": lists}


@pytest.mark.parametrize("hostile", ["\n", "**", "__", "```\n", "- ", "~~~", " ", "#", "*a", "1."])
def test_hostile_text_is_counted_in_no_time(hostile: str) -> None:
    assert style_of(hostile * 50_000)[0] == len(hostile) * 50_000


@pytest.mark.parametrize("one, two, expected", [(0, 0, 0), (3, 1, 0.5), (1, 3, -0.5), (2, 0, 1), (0, 2, -1)])
def test_relative_difference(one: float, two: float, expected: float) -> None:
    assert relative(one, two) == expected


def test_texts_are_compared_by_feature() -> None:
    assert style_difference("# a\n- b\n- c", "# ab\n- c.") == {
        "length": 2 / 20, "headers": 0.0, "bold": 0.0, "lists": 1 / 3,
    }  # fmt: skip
