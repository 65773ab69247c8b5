from __future__ import annotations

import sys
from pathlib import Path, PureWindowsPath

import pytest

from pytest_mtbench.domain.endpoint import Answerer, Endpoint, Role
from pytest_mtbench.domain.question import Identity, QuestionSet
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.plugin.clients import least_limits
from pytest_mtbench.plugin.registry import suite_id


@pytest.mark.parametrize(
    "path, expected",
    [
        (None, "mtbench"),
        ("/project/mtbench.yaml", "mtbench.yaml"),
        ("/project/mtbench", "mtbench"),
        ("/project/a/b.mtbench.yaml", "a/b.mtbench.yaml"),
        ("/other/b.mtbench.yaml", "../other/b.mtbench.yaml"),
    ],
)
def test_ids_are_relative_to_the_rootdir(path: str | None, expected: str) -> None:
    assert suite_id(Path(path) if path else None, Path("/project")) == expected


def test_a_suite_on_another_drive_keeps_its_whole_path(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(sys.modules["os.path"], "relpath", refuse)
    path = PureWindowsPath("D:/suites/a.mtbench.yaml")
    assert suite_id(path, PureWindowsPath("C:/root")) == "D:/suites/a.mtbench.yaml"  # type: ignore[arg-type]


def plan(key: str, model: int, judge: int, *, url: str = "http://a/v1", opponents: tuple[Answerer, ...] = ()) -> Plan:
    return Plan(
        key=key,
        questions=QuestionSet("set", (), {}, Identity("", "", "")),
        selected=(),
        model=Answerer("m", Endpoint(url=url), limit=model),
        judge=Role("j", Endpoint(url="http://a/v1"), limit=judge),
        opponents=opponents,
    )


def test_suites_that_share_an_endpoint_share_the_least_of_their_limits() -> None:
    other = Answerer("o", Endpoint(url="http://o/v1"), limit=2)
    found = least_limits([plan("a", 16, 4), plan("b", 1, 16), plan("c", 8, 8, url="http://c/v1", opponents=(other,))])
    assert found == {
        ("answer", "http://a/v1"): 1,
        ("answer", "http://c/v1"): 8,
        ("answer", "http://o/v1"): 2,
        ("judgment", "http://a/v1"): 4,
    }
