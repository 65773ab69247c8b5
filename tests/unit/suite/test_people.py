"""Votes and ratings of people on a run's own answers, before there are any."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.endpoint import Answerer
from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.sheet import sheet_id
from pytest_mtbench.domain.vote import Comparison, Vote
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.scores.people import PeopleSpec
from pytest_mtbench.suite.people import PeopleFiles, of_the_run
from pytest_mtbench.suite.schema import PeopleSection

from ...engine_harness import plan_of
from ...server import JUDGE
from ...sets import QUESTIONS, write_set

ID, OTHER_ID = "a1b2c3d4e5f6", "b1b2c3d4e5f6"
RAIN = QUESTIONS[0]["turns"][0]
OWN, OTHERS = ("m", "org/m"), {"n": "n", "org/n": "n"}

Row = dict[str, Any]


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_of(write_set(tmp_path_factory.mktemp("questions") / "set"))


@pytest.fixture(scope="module")
def pairwise(single: Plan) -> Plan:
    return replace(single, opponents=(Answerer("n", single.judge.endpoint),))


def vote(rater: str = "anna", winner: str = "model_a", **said: Any) -> Row:
    models = {"model_a": "m", "model_b": "n"}
    return {"question_id": 1, "turn": 1, "judge": rater, "winner": winner} | models | said


def talk(answer: str) -> list[Row]:
    return [{"role": "user", "content": RAIN}, {"role": "assistant", "content": answer}]


class Folder:
    """Files of people, and what a run makes of them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def spec(
        self, plan: Plan, *files: Iterable[Row], others: Mapping[str, str] | None = None, **section: Any
    ) -> PeopleSpec:
        named = []
        for number, rows in enumerate(files):
            path = self._path / f"f{number}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            named.append((f"--mtbench-people={path.name}", path))
        asked = PeopleFiles(tuple(named), PeopleSection(**section))
        others = (OTHERS if plan.opponents else {}) if others is None else others
        return of_the_run(asked, plan, "mean", OWN, others)

    def problem(self, plan: Plan, *files: Iterable[Row], **more: Any) -> str:
        with pytest.raises(ConfigError) as raised:
            self.spec(plan, *files, **more)
        [problem] = raised.value.problems
        return problem.replace(f"{self._path}/", "")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_models_are_known_by_every_name_that_the_run_has_for_them(pairwise: Plan, folder: Folder) -> None:
    spec = folder.spec(pairwise, [vote(), vote("ben", model_a="org/n", model_b="org/m"), vote("cy", "tie")])
    comparison = Comparison(1, 1, "m", "n")
    assert spec.votes == (Vote(comparison, "anna", 1.0), Vote(comparison, "ben", 0.0), Vote(comparison, "cy", 0.5))
    assert spec.remarks == ()


def test_votes_beside_their_texts_name_answers_as_a_sheet_does(pairwise: Plan, folder: Folder) -> None:
    texts: Row = {"conversation_a": talk("<think>hm</think>drip"), "conversation_b": talk("drop")}
    spec = folder.spec(pairwise, [vote(**texts), vote("ben", "model_b", **texts), vote("cy", "tie", **texts)])
    assert (spec.votes, {row.id for row in spec.choices}) == ((), {sheet_id(1, 1, ["drip"], ["drop"])})
    assert [(row.rater, row.choice) for row in spec.choices] == [("anna", "left"), ("ben", "right"), ("cy", None)]


def test_the_judges_own_rows_and_votes_on_other_models_are_not_peoples(pairwise: Plan, folder: Folder) -> None:
    texts: Row = {"conversation_a": talk("a"), "conversation_b": talk("b")}
    rows = [vote(), vote(JUDGE), vote(model_b="x", **texts), vote(model_b="org/m"), vote("ben", model_a="x", **texts)]
    spec = folder.spec(pairwise, rows)
    assert [row.rater for row in spec.votes] == ["anna"]
    assert spec.remarks == ("3 votes in f0.jsonl are on other models and are not counted",)


@pytest.mark.parametrize(
    "rows, said",
    [
        ([vote(), vote(), vote("ben")], ["1 times a person (anna) says something twice of the same answers; the same"]),
        ([vote(), vote(winner="tie", model_a="n", model_b="m")], ["1 times a person (anna) says something twice of"]),
        ([vote("Anna"), vote("anna"), vote("ben")], ["Anna and anna are counted as 2 people"]),
        ([vote(), {"id": ID, "choice": "l", "rater": "ANNA"}], ["ANNA and anna are counted as 2 people"]),
        ([vote(), vote("gpt-3", "tie (inconsistent)")], ["gpt-3 is counted as a person, and says `tie (inc"]),
        ([vote(), vote(JUDGE, "tie (inconsistent)")], []),
        ([vote(question_id=n % 4 + 1, turn=n // 4 % 2 + 1) for n in range(10)], ["2 times", "anna says left in each"]),
        ([{"id": f"{n:012x}", "choice": "r"} for n in range(10)], ["f0 says right in each of 10 votes"]),
        ([{"id": f"{n:012x}", "choice": "t"} for n in range(10)], []),
        ([{"id": f"{n:012x}", "choice": "r"} for n in range(9)], []),
        ([{"id": f"{n:012x}", "choice": "r" if n else "l"} for n in range(11)], []),
        ([*(vote(JUDGE, question_id=n % 4 + 1) for n in range(12)), vote()], []),
        ([{"id": ID, "choice": "r"}, {"id": ID, "choice": "r"}, {"id": OTHER_ID, "choice": "l"}], ["1 times a person"]),
    ],
)  # fmt: skip
def test_what_is_odd_about_people_is_said(rows: list[Row], said: list[str], pairwise: Plan, folder: Folder) -> None:
    remarks = folder.spec(pairwise, rows).remarks
    assert len(remarks) == len(said)
    assert all(remark.startswith(f"warning: {start}") for remark, start in zip(remarks, said, strict=True))


def test_one_who_rates_twice_is_named_too(single: Plan, folder: Folder) -> None:
    rows = [{"id": ID, "rating": 7}, {"id": ID, "rating": 8}, {"id": OTHER_ID, "rating": 7}]
    [remark] = folder.spec(single, rows).remarks
    assert remark == (
        "warning: 1 times a person (f0) says something twice of the same answers; the same counts once, of two "
        "ratings the mean"
    )


CHOICE, RATING = {"id": ID, "choice": "left"}, {"id": ID, "rating": 7}


def test_a_file_of_another_kind_than_the_run_is_refused(single: Plan, pairwise: Plan, folder: Folder) -> None:
    assert folder.problem(single, [CHOICE]).startswith("f0.jsonl:1: is a vote on two answers, and this run has one of")
    assert folder.problem(pairwise, [RATING]) == (
        "f0.jsonl:1: rating: is of one answer, and this run compares models; it takes votes"
    )
    assert folder.problem(pairwise, [CHOICE], [RATING]) == (
        "f1.jsonl:1: rating: the run has votes too (f0.jsonl:1); it takes one kind"
    )
    # Beside a baseline's answers people may rate or compare.
    assert folder.spec(single, [RATING], others={"m (baseline)": "m (baseline)"}).ratings
    assert folder.spec(single, [CHOICE], others={"m (baseline)": "m (baseline)"}).choices


@pytest.mark.parametrize(
    "rows, said",
    [
        (
            [vote(), vote(model_b="x")],
            "f0.jsonl:2: model_b: x is not in this run (n, org/n, m, org/m), and there is no",
        ),
        ([vote(model_a="y"), vote(model_a="z")], "f0.jsonl:1: model_a: y is not in this run (n, org/n, m, org/m), and"),
        ([vote(JUDGE)], "f0.jsonl: no vote of a person is on n and m"),
    ],
)
def test_votes_on_nothing_of_the_run_are_refused(rows: list[Row], said: str, pairwise: Plan, folder: Folder) -> None:
    problem = folder.problem(pairwise, rows)
    assert problem.startswith(said)
    assert problem.endswith("(and 1 row more)") == (len(rows) == 2 and rows[0]["model_a"] == "y")


@pytest.mark.parametrize(
    "rows, section, said",
    [
        (
            [RATING],
            {"min_win_rate": 0.45},
            "f0.jsonl:1: rating: people.min_win_rate is of votes, and these are ratings",
        ),
        (
            [RATING],
            {"min_agreement": 0.8},
            "f0.jsonl:1: rating: people.min_agreement is of votes, and these are ratings",
        ),
        (
            [CHOICE],
            {"min_score": 7.0},
            "f0.jsonl:1: people.min_score is of ratings, and these are votes (people.min_win",
        ),
    ],
)
def test_a_bar_is_of_the_kind_that_people_gave(
    rows: list[Row], section: Row, said: str, single: Plan, folder: Folder
) -> None:
    assert folder.problem(single, rows, others={"n": "n"}, **section).startswith(said)
