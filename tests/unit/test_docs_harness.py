"""The harness of the documentation: what it reads of a page, and what it refuses."""

from __future__ import annotations

import pytest

from ..docs import PageError, anchors, blocks, links
from ..docs_files import check_file
from ..installing import install_fault
from ..quoting import quotation_fault, requoted

PAGE = """# A page

```yaml
# conf/mtbench.yaml
model: m
```

<!-- new folder -->
<!-- exit: 1 -->

```console
# a remark
pytest \\
    mtbench.yaml  # and another
jq . x.json
```

```{note}
As follows.

<!-- not compared: it has the date -->
```
"""


def test_blocks_come_with_line_name_options_and_commands() -> None:
    file, console, quoted = blocks(PAGE.replace("date -->\n", "date -->\n~~~text\nhello\n~~~\n"), "p.md")
    assert (file.line, file.name, file.language, file.exit_status) == (3, "conf/mtbench.yaml", "yaml", 0)
    assert (console.options, console.exit_status) == ({"new folder": "", "exit": "1"}, 1)
    assert console.commands == [(13, "pytest     mtbench.yaml  # and another"), (15, "jq . x.json")]
    assert (quoted.options, quoted.text, quoted.line) == ({"not compared": "it has the date"}, "hello\n", 22)


@pytest.mark.parametrize(
    "text, line, message",
    [
        ("```\nx\n```", 1, "a block of the language ''"),
        ("\n```bash\nx\n```", 2, "a block of the language 'bash'"),
        ("<!-- exits: 1 -->\n\n```console\npytest\n```", 1, "no such option: <!-- exits: 1 -->"),
        ("<!-- exit -->\n\n```console\npytest\n```", 1, "needs a value"),
        ("<!-- exit: one -->\n\n```console\npytest\n```", 1, "needs a number"),
        ("<!-- new folder: x -->\n\n```console\npytest\n```", 1, "takes no value"),
        ("<!-- not run: slow -->\n\n```console\npytest\n```", 1, "needs a reason of some words"),
        ("<!-- exit: 1 -->\n\n```yaml\nx: 1\n```", 3, "stands before a block of yaml"),
        ("text\n\n<!-- exit: 1 -->\n", 3, "no block comes after <!-- exit -->"),
        ("```console\npytest\n$ pytest -q\n```", 3, "without a prompt"),
    ],
)
def test_what_it_does_not_know_is_refused_with_page_and_line(text: str, line: int, message: str) -> None:
    with pytest.raises(PageError, match=rf"^p\.md:{line}: .*{message}"):
        blocks(text, "p.md")


@pytest.mark.parametrize(
    "language, text",
    [
        ("yaml", "a: ["), ("yaml", "model: m\nthresholds: {overall: 11}"), ("yaml", "# x.mtbench.yaml\nmodell: m"),
        ("json", "{'a': 1}"), ("python", "def"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(language: str, text: str) -> None:
    (block,) = blocks(f"```{language}\n{text}\n```", "p.md")
    with pytest.raises(PageError, match=r"^p\.md:1: not valid"):
        check_file(block)


@pytest.mark.parametrize("text", ["on: push\njobs: {}", "image: python", "model: m", "{}"])
def test_a_file_that_is_one_is_not(text: str) -> None:
    (block,) = blocks(f"```yaml\n{text}\n```", "p.md")
    check_file(block)


OUTPUT = "first\n=== a table, 2.1 s ===\nmath   7.80\ncoding 6.10\nlast\n"


@pytest.mark.parametrize(
    "quoted", ["first\n", "math   7.80\ncoding 6.10\n", "first\n...\nlast", "...\n= a table, 9.75 s =\n...\nlast\n"]
)
def test_a_quotation_may_leave_out_lines_and_times_differ(quoted: str) -> None:
    assert quotation_fault(quoted, OUTPUT) is None


@pytest.mark.parametrize("quoted", ["math   7.81\n", "first\nmath   7.80\n", "last\n...\nfirst\n"])
def test_a_quotation_with_another_figure_or_order_is_none(quoted: str) -> None:
    assert quotation_fault(quoted, OUTPUT) is not None


def test_new_figures_are_put_into_a_quotation_and_new_words_are_not() -> None:
    assert requoted("= a table, 9 s =\n...\ncoding 5.00\n", OUTPUT) == "= a table, 9 s =\n...\ncoding 6.10\n"
    assert requoted("writing 5.00\n", OUTPUT) is None


@pytest.mark.parametrize(
    "command, fault",
    [
        ("pip install pytest-mtbench", ""), ("uv add --dev pytest-mtbench pytest-xdist>=3", ""), ("pip install .", ""),
        ("python3 -m venv .venv && . .venv/bin/activate && pip install .", ""), ("pytest -q", None),
        ("pip install -e .[test,nothing]", "pyproject.toml has no extra nothing"), ("pip install", "installs nothing"),
        ("pip install pytest-mtbanch", "'pytest-mtbanch' is none of the packages that tests/installing.py knows"),
        ("python3 -m venv .venv && pip install pytest-mtbanch",
         "'pytest-mtbanch' is none of the packages that tests/installing.py knows"),
    ],
)  # fmt: skip
def test_what_is_installed_is_known(command: str, fault: str | None) -> None:
    assert install_fault(command.split()) == fault


def test_links_and_what_they_may_lead_to() -> None:
    text = "# The `--x` option, *again*\n\n(a-target)=\n\n| a |\n|---|\n| [b](c.md#d) ![e](f.svg) |\n"
    assert list(links(text)) == ["c.md#d", "f.svg"]
    assert anchors(text) == {"the---x-option-again", "a-target"}
