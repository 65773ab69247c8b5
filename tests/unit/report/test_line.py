from __future__ import annotations

import pytest

from pytest_mtbench.report.line import Line, pieced, style_of, whole, wrapped


def marked(line: Line) -> list[tuple[str, str]]:
    """What stands out of a line."""
    return [(line[span.start : span.end], span.style) for span in line.spans]


def test_a_line_is_its_text() -> None:
    line = pieced(("FAILED", "failed"), (" gate[math] - too low", None))
    assert line == "FAILED gate[math] - too low"
    assert marked(line) == [("FAILED", "failed")]
    assert marked(whole("all of it", "warning")) == [("all of it", "warning")]


def test_pieces_are_printable_and_keep_the_blanks_between_them() -> None:
    line = pieced(("a\x1b[31m ", None), ("failed", "failed"), (": b\nc ", None), ("passed", "passed"))
    assert line == r"a\x1b[31m failed: b c passed"
    assert marked(line) == [("failed", "failed"), ("passed", "passed")]


@pytest.mark.parametrize("width", [40, 43, 47, 60, 200])
def test_what_stands_out_does_so_wherever_the_line_is_broken(width: int) -> None:
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    for word in words:
        before, after = words[: words.index(word)], words[words.index(word) + 1 :]
        line = pieced((" ".join([*before, ""]), None), (word, "failed"), (" ".join(["", *after]), None))
        lines = wrapped(line, width)
        assert max(map(len, lines)) <= width
        assert " ".join(" ".join(lines).split()) == " ".join(words)
        assert [found for each in lines for found in marked(each)] == [(word, "failed")]


def test_what_goes_over_a_break_stands_out_on_both_sides() -> None:
    line = pieced(("x" * 30 + " ", None), ("the judge moved, not the model", "failed"), (" at all", None))
    assert [marked(each) for each in wrapped(line, 40)] == [
        [("the judge", "failed")],
        [("moved, not the model", "failed")],
    ]


def test_a_warning_stands_out_as_a_whole() -> None:
    lines = wrapped("warning: " + "word " * 20, 40)
    assert len(lines) > 2
    assert [marked(each) for each in lines] == [[(str(each), "warning")] for each in lines]
    assert marked(wrapped("a warning: not at the beginning", 40)[0]) == []


def test_the_style_of_a_status() -> None:
    assert [style_of(status) for status in ("passed", "failed", "inconclusive")] == ["passed", "failed", "warning"]
