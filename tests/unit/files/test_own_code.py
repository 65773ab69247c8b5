from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.own import BotName
from pytest_mtbench.files.own_code import OwnCode

WHERE = "mtbench.yaml:1: model.generate: "


class Found:
    """A rootdir with a suite's folder in it, and what is imported from there."""

    def __init__(self, rootdir: Path) -> None:
        self.rootdir, self.suite = rootdir, rootdir / "suite"
        self.suite.mkdir()
        self.code = OwnCode(rootdir, rootdir, lambda text: text.replace("sk-1", "***"))

    def write(self, name: str, text: str) -> None:
        path = self.rootdir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def find(self, target: str, folder: Path | None = None) -> Any:
        return self.code.find(BotName(target, WHERE), folder or self.suite)

    def refused(self, target: str, folder: Path | None = None) -> str:
        with pytest.raises(ConfigError) as caught:
            self.find(target, folder)
        assert str(caught.value).startswith(WHERE)
        return str(caught.value).removeprefix(WHERE)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Found]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = dict(sys.modules)
    found = Found(tmp_path)
    yield found
    found.code.close()
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


def test_beside_the_suite_file_then_in_the_rootdir_then_where_python_looks(found: Found, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    for place in ("suite/one_bot.py", "one_bot.py", "two_bot.py", "elsewhere/two_bot.py", "elsewhere/three_bot.py"):
        found.write(place, f"name = {place!r}")
    sys.path.insert(0, str(elsewhere))
    assert found.find("one_bot:name") == "suite/one_bot.py"
    assert found.find("two_bot:name") == "two_bot.py"
    assert found.find("three_bot:name") == "elsewhere/three_bot.py"
    assert found.find("json:dumps").__module__ == "json"


def test_packages_attributes_and_neighbours(found: Found) -> None:
    found.write("suite/shop/__init__.py", "")
    found.write("suite/shop/bots.py", "from . import index\nclass Bots:\n    best = index.best\n")
    found.write("suite/shop/index.py", "best = 'the best'")
    found.write("bare/inner.py", "name = 'no __init__'")
    assert found.find("shop.bots:Bots.best") == "the best"
    assert found.find("bare.inner:name") == "no __init__"


def test_what_a_function_imports_late_is_found(found: Found) -> None:
    found.write("suite/late_bot.py", "def answer():\n    import late_index\n    return late_index.name\n")
    found.write("suite/late_index.py", "name = 'late'")
    assert found.find("late_bot:answer")() == "late"


def test_the_path_is_as_it_was_afterwards(found: Found) -> None:
    found.write("suite/one_bot.py", "import sys\nsys.path.append('added by the bot')")
    before = list(sys.path)
    found.refused("one_bot:name")
    found.refused("nothing_there:name")
    found.code.close()
    assert sys.path == [*before, "added by the bot"]


def test_a_module_of_the_same_name_from_elsewhere_is_not_taken(found: Found) -> None:
    found.write("suite/bot.py", "name = 'mine'")
    found.write("other/bot.py", "name = 'theirs'")
    assert found.find("bot:name") == "mine"
    assert found.find("bot:name") == "mine", "once more, for another suite in the same folder"
    assert found.refused("bot:name", found.rootdir / "other") == (
        "bot should be other/bot.py, and suite/bot.py of the same name is imported already; rename one, run them "
        "apart, or install the package with `pip install -e`"
    )


def test_a_name_of_the_standard_library_is_not_replaced(found: Found) -> None:
    found.write("suite/json/__init__.py", "name = 'mine'")
    assert found.refused("json:name").startswith("json should be suite/json/__init__.py, and /")


def test_a_module_without_a_file(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "made_up_bot", ModuleType("made_up_bot"))
    assert found.refused("made_up_bot:name") == "made_up_bot has no name"


def test_what_is_not_there(found: Found) -> None:
    places = f"looked for in {found.suite} and {found.rootdir}, then where Python looks (`pythonpath` of pytest's"
    assert found.refused("no_bot:answer").startswith(f"there is no module no_bot: {places}")
    found.write("suite/shop/__init__.py", "")
    assert found.refused("shop.bot:answer").startswith(f"there is no module shop.bot: {places}")
    assert f"looked for in {found.rootdir}, then" in found.refused("no_bot:answer", found.rootdir)
    found.write("suite/some_bot.py", "def answer(messages): ...\nclass Bot: ...\n")
    assert found.refused("some_bot:anwser") == "some_bot (suite/some_bot.py) has no anwser; did you mean answer?"
    assert found.refused("some_bot:Bot.answer") == "Bot has no answer"


@pytest.mark.parametrize(
    "text, words",
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name' (suite/bad.py:1)"),
        ("x = 1\nraise ValueError('no key sk-1\\nat all')", "ValueError: no key *** at all (suite/bad.py:2)"),
        ("x = (", "(suite/bad.py:1)"),
        ("import sys\nsys.exit(0)", "SystemExit: 0 (suite/bad.py:2)"),
        ("import pytest\npytest.skip('not here', allow_module_level=True)", "Skipped: not here (suite/bad.py:2)"),
    ],
)
def test_what_cannot_be_imported_says_why_and_where(found: Found, text: str, words: str) -> None:
    found.write("suite/bad.py", text)
    message = found.refused("bad:answer")
    assert message.startswith("bad cannot be imported: ")
    assert words in message
    assert "\n" not in message


def test_control_c_while_it_is_imported(found: Found) -> None:
    found.write("suite/slow.py", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        found.find("slow:answer")
