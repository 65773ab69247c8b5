from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.suite.file import SuiteFile
from pytest_mtbench.suite.new_suite import new_suite
from pytest_mtbench.suite.settings import GivenPath, Settings

HERE = Path("folder")
URL = "http://localhost:8000/v1"


def written(**options: Any) -> str:
    return new_suite(Settings(rootdir=HERE, cwd=HERE, **options), "mtbench.yaml")


def commented_in(text: str) -> str:
    """The file with every key that it only shows."""
    return re.sub(r"(?m)^( *)# ([a-z_]+: \S)", r"\1\2", text)


ODD = "a: b #c 'd\" é"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"model": "m", "base_url": URL},
        {"model": "yes", "judge": "0123", "questions": "~"},
        {"model": ODD, "judge": ODD, "questions": ODD, "judge_base_url": URL},
        {"minimums": (("overall", 6.25),)},
        {"minimums": (("turn1", 7.0), ("turn2", 6.0))},
        {"minimums": (("math", 6.0), (ODD, 5.0), ("overall", 7.0), ("turn2", 6.0))},
    ],
)
def test_a_file_says_what_the_command_line_said(options: dict[str, Any]) -> None:
    content = SuiteFile.from_text(written(**options), "mtbench.yaml").content
    assert content.model.name == options.get("model", "my-model")
    assert content.model.base_url == options.get("base_url")
    assert content.judge.name == options.get("judge", "gpt-4o")
    assert content.questions == options.get("questions", "mt_bench")
    minimums = dict(options.get("minimums", ()))
    bars = content.thresholds
    said = {f"turn{key}": value for key, value in bars.turns.items()} | bars.categories
    assert said | ({"overall": bars.overall} if bars.overall else {}) == (minimums or {"overall": 7.5})


def test_the_judge_is_not_asked_where_a_model_of_ones_own_is_served() -> None:
    assert yaml.safe_load(written(base_url=URL))["judge"]["base_url"] == "https://api.openai.com/v1"
    assert "base_url" not in yaml.safe_load(written())["judge"]


def test_the_demo_gets_its_own_judge_and_questions() -> None:
    data = yaml.safe_load(written(model="demo"))
    assert (data["judge"]["name"], data["questions"]) == ("demo-judge", "house")
    assert yaml.safe_load(written(model="demo", base_url=URL))["questions"] == "mt_bench"


@pytest.mark.parametrize("options", [{}, {"base_url": URL, "minimums": (("math", 6.0),)}])
def test_whatever_it_only_shows_may_stand_in_a_suite_file(options: dict[str, Any]) -> None:
    text = commented_in(written(**options))
    shown = set(yaml.safe_load(text)) - set(yaml.safe_load(written(**options)))
    assert {"categories", "baseline", "against", "prices", "budget"} <= shown
    SuiteFile.from_text(text, "mtbench.yaml")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"runs": 3}, ["--mtbench-runs"]),
        ({"reports": (HERE / "x.json",), "dry_run": True}, ["--mtbench-report", "--mtbench-dry-run"]),
        ({"baseline": GivenPath("b.json", HERE / "b.json")}, ["--mtbench-baseline"]),
        ({"judge": "a,b"}, ["--mtbench-judge of several names"]),
    ],
)
def test_what_it_would_not_hold_is_refused(options: dict[str, Any], named: list[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        written(**options)
    starts = [f"--mtbench-init does not write {name};" for name in named]
    assert len(raised.value.problems) == len(named)
    assert all(any(problem.startswith(start) for problem in raised.value.problems) for start in starts)
