from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mtbench.untrusted.markdown import block, cell, code, html_code, inline

from ...markdown import pages

HOSTILE = [
    "| a | b |\n|---|---|\n| ``` | <b> |\n\n# heading <script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "</details></summary><h1>x", "<!-- -->", "<?php ?>", "<![CDATA[x]]>", "&lt;b&gt;", "&#60;b>",
    "![x](http://e.vil/x.png)", "[x](javascript:alert(1))", "[x]: http://e.vil", "[x][y]", "[x]", "[ ] to do",
    "[x] done", "<http://e.vil>", "http://e.vil/?a=b", "www.e.vil", "me@e.vil", "ftp://e.vil", "mailto:me@e.vil",
    "https:/\\/e.vil", "@someone", "@org/team", "hello, @someone", "#123", "org/repo#123", "GH-123", "gh-123",
    "!123", "%milestone", "~label", "$123", "&12", "*iteration:1", "[vulnerability:1]", "^alert#1", "[[wiki]]",
    ":tada:", ":+1:", "x:tada:", "$x^2$", "$`x`$", "$$x$$", "\\(x\\)", "deadbeef1",
    "0123456789abcdef0123456789abcdef01234567", "a@deadbeef1", "/close", "/assign @me", "> quote", ">>> quote",
    "```", "````\n```", "``", "`", "`a", "a`", "` `` ```", "~~~", "~~x~~", "**x**", "__x__", "*x*", "_x_", "a_b_c",
    "***", "---", "===", "# x", "1. x", "1) x", "12345678. x", "- x", "+ x", "* x", "-", "a\\", "\\`", "\\|",
    "a\\|b", "|", "||", "a | b", "\x1b[31mred", "\u202ex\u2066", "\x00", "\ud800", "\u2028x\u2029", "x\r\ny",
    "\ttab", "    code", "##[error]x", "::error::x", "::add-mask::x", "", " ", "\u200b", "<details>", "{{ site }}",
    "{% raw %}", "[^1]", "[^1]: x", "<details><summary>", "a<b", "Ä ö 日本語 ñ", "e\u0301", "[+1.02, +4.54]",
    "[1](2)", "[1.0,", "2.0](http://x)",
]  # fmt: skip

ANYTHING = st.lists(
    st.sampled_from([*HOSTILE, *"`|\\<>[]()!@#:/*_~$&%.-+=\n\r\t 1ax\x1b\u202e", "\n\n", "    "]), max_size=8
)


def check_inline(text: str) -> None:
    for name, page in pages(f"# {inline(text)}\n\n- {inline(text)}\n\n- **x** {inline(text)}\n").items():
        assert page.tags.keys() <= {"h1", "ul", "li", "p", "code", "strong"}, (name, text)
        assert (page.tags["h1"], page.tags["li"], page.tags["strong"]) == (1, 2, 1), (name, text)
        assert page.acting == [], (name, text)


def check_cell(text: str) -> None:
    made = f"| {cell(text)} | {cell(text)} |\n| --- | --- |\n| {cell(text)} | {cell(text)} |\n\nend\n"
    for name, page in pages(made).items():
        assert (page.tags["th"], page.tags["td"], page.tags["table"], page.tags["p"]) == (2, 2, 1, 1), (name, text)
        assert page.tags.keys() <= {"table", "thead", "tbody", "tr", "th", "td", "code", "p"}, (name, text)
        assert page.acting == [], (name, text)


def check_block(text: str) -> None:
    made = f"<details>\n<summary>{html_code(text)}</summary>\n\n{block(text, 500)}\n\n</details>\n\nend\n"
    for name, page in pages(made).items():
        assert dict(page.tags) == {"details": 1, "summary": 1, "code": 2, "pre": 1, "p": 1}, (name, text)
        assert page.acting == [], (name, text)
        assert page.text.rstrip().endswith("end")
    for line in made.splitlines():
        assert not line.lstrip().startswith("::"), text
        assert not re.match(r"/\w", line), text
    assert "##[" not in made


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("check", [check_inline, check_cell, check_block])
def test_hostile_text_stays_text(check: Callable[[str], None], text: str) -> None:
    check(text)


@settings(deadline=None, max_examples=150)
@given(ANYTHING, st.sampled_from(["", " "]))
def test_whatever_is_put_together_stays_text(parts: list[str], between: str) -> None:
    text = between.join(parts)
    check_inline(text)
    check_cell(text)
    check_block(text)


@pytest.mark.parametrize(
    "text",
    [
        "math: 2.4 is below the threshold 6 (mean of 20 turns, 95 % interval 1.26-3.54, turn 1 3.10, turn 2 1.70)",
        "profile: above the other categories: humanities +2.78 [+1.02, +4.54]; below: math -3.51 [-5.50, -1.52]",
        "Vicuna-7b-v1.3 against org/other_model, judged by gpt-4 (a stand-in).",
        "Überprüfung der 日本語",
        "regressed: 1.04 lower, between 0.69 and 1.40",
    ],
)
def test_what_is_harmless_is_left_as_it_is(text: str) -> None:
    assert inline(text) == text


def test_only_the_words_that_may_act_are_code() -> None:
    assert inline("the endpoint said <b> and @me; try again") == "the endpoint said `<b>` and `@me;` try again"
    assert inline("see https://e.vil #1 now") == "see `https://e.vil #1` now"


@pytest.mark.parametrize("text", ["a`b", "`", "``", "` a", "a `", "\\", "a|b", "<b>"])
def test_code_shows_its_text(text: str) -> None:
    for page in pages(f"- {code(text)}\n").values():
        assert page.code == [" ".join(text.split())]


def test_a_block_shows_its_text_with_its_lines() -> None:
    text = "def f():\n    return `x`\n```\n\n<b> & @me\n~~~~"
    for page in pages(block(text, 1000)).values():
        lines = page.code[-1].rstrip("\n").split("\n")
        assert [line.removeprefix(" ") for line in lines] == text.split("\n")


def test_a_long_text_is_cut_in_the_middle_and_long_lines_are_broken() -> None:
    made = block("begin " + "word " * 1000 + "end", 600)
    assert made.split()[1:3] == ["begin", "word"]
    assert made.split()[-3:-1] == ["word", "end"]
    assert "characters ...]" in made
    assert len(made) < 800
    assert max(map(len, made.splitlines())) <= 101
    assert len(block("`" * 100_000, 600)) < 2500
