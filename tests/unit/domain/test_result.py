from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from pytest_mtbench.domain.chat import ChatReply, ChatRequest, Usage
from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Identity, Question, QuestionSet
from pytest_mtbench.domain.result import Judgment, Run, Spent, TurnKey, TurnResult, selected_turns
from pytest_mtbench.domain.tally import JudgeTally, Tally

from ...results import rated

HOSTILE = "\x00\x1b[31m\u202e\ud800 \u2028 [[10]] </script> \U0001f600 \\ \" ' é"


def through_json(value: Any) -> Any:
    """What another process or a later run reads."""
    return json.loads(json.dumps(value))


REPLIES = [
    pytest.param(ChatReply("text"), id="least"),
    pytest.param(
        ChatReply("text", "length", "gpt-4-0613", Usage(12, 34), 1700000000.25, ("max_tokens", "temperature")),
        id="full",
    ),
    pytest.param(ChatReply(""), id="empty"),
    pytest.param(ChatReply(HOSTILE, served=HOSTILE), id="hostile"),
]


@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_survives_json(reply: ChatReply) -> None:
    assert ChatReply.from_json(through_json(reply.as_json())) == reply


def test_that_a_reply_was_cached_is_not_stored() -> None:
    row = ChatReply("text", cached=True).as_json()
    assert "cached" not in row
    assert ChatReply.from_json(row).cached is False


@pytest.mark.parametrize("name", ["text", "finish_reason", "served", "usage", "created", "adapted"])
def test_a_reply_that_lacks_a_part_is_refused(name: str) -> None:
    row = ChatReply("text").as_json()
    del row[name]
    with pytest.raises(KeyError):
        ChatReply.from_json(row)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": None},
        {"text": 5},
        {"text": ["t"]},
        {"usage": {"input_tokens": "many"}},
        {"usage": {"input_tokens": None}},
        {"usage": {"pages": 3}},
        {"usage": {"input_tokens": math.inf}},
        {"usage": {"input_tokens": math.nan}},
        {"usage": []},
        {"usage": None},
        {"usage": "12"},
        {"created": None},
        {"created": "today"},
        {"created": 10**400},
        {"adapted": None},
        {"adapted": 5},
    ],
    ids=lambda wrong: str(wrong)[:40],
)
def test_a_row_that_is_no_reply_is_refused_with_the_named_errors(wrong: dict[str, Any]) -> None:
    row = ChatReply("text").as_json() | wrong
    with pytest.raises((KeyError, TypeError, ValueError)):
        ChatReply.from_json(row)


@pytest.mark.parametrize("row", [None, [], "text", 5])
def test_what_is_no_mapping_is_no_reply(row: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        ChatReply.from_json(row)


RESULTS = [
    pytest.param(
        TurnResult(TurnKey("mtbench", 81, 1), "writing", (Run("a", judgments=(Judgment("j", 8.0),)),)), id="least"
    ),
    pytest.param(
        TurnResult(
            key=TurnKey("sub/mtbench.yaml", 111, 2),
            category="math",
            runs=(
                Run("<think>hm</think>42", ("before",), (Judgment("x", 7.0), Judgment("y", None, "no rating"))),
                Run(None, failed="one run has no answer"),
                Run("c", judgments=(Judgment("z", 8.0),), flags=("several-ratings", "rating-in-answer")),
                Run("d", games=(Game("other", 4, ("A", "B"), "e", ("f", "g")),)),
                Run("e", extra={"sources": ["a", 1.5, None]}),
            ),
        ),
        id="full",
    ),
    pytest.param(rated(TurnKey("s", 1, 1), "math", None), id="unscored"),
    pytest.param(rated(TurnKey("s", "five", 1), "数学", 1.0), id="text-id"),
    pytest.param(rated(TurnKey("s", "1", 1), "math", 1.0), id="text-id-of-digits"),
    pytest.param(
        rated(
            TurnKey(HOSTILE, HOSTILE, 1),
            HOSTILE,
            None,
            reason=HOSTILE,
            answer=HOSTILE,
            judgment=HOSTILE,
            flags=[HOSTILE],
        ),
        id="hostile",
    ),
]


@pytest.mark.parametrize("result", RESULTS)
def test_a_turns_result_survives_json(result: TurnResult) -> None:
    again = TurnResult.from_json(through_json(result.as_json()))
    assert again == result
    assert type(again.key.question_id) is type(result.key.question_id)
    hash(again)


def test_what_a_turn_took_survives_json_and_is_no_part_of_what_was_measured() -> None:
    measured = rated(TurnKey("s", 1, 1), "math", 7.0)
    spent = replace(measured, spent=Spent(3, 0.25))
    assert TurnResult.from_json(through_json(spent.as_json())).spent == Spent(3, 0.25)
    assert spent == measured


@pytest.mark.parametrize(
    "costs, spent", [([], Spent(0, 0.0)), ([0.5, 0.25], Spent(2, 0.75)), ([0.5, None, 1], Spent(3, None))]
)
def test_what_a_turn_took_is_counted_reply_by_reply(costs: list[float | None], spent: Spent) -> None:
    tally, key = Tally(), TurnKey("s", 1, 1)
    for cost in costs:
        tally.bill(key, cost)
        tally.bill(key._replace(turn=2), 9.0)
    assert tally.spent.get(key, Spent()) == spent


def test_a_turns_key_is_plain_json() -> None:
    row = rated(TurnKey("s", "q", 2), "math", 1.0).as_json()
    assert through_json(row)["key"] == ["s", "q", 2]


REQUEST = ChatRequest(
    endpoint="http://127.0.0.1/v1",
    model="m",
    messages=({"role": "system", "content": "s"}, {"role": "user", "content": HOSTILE}),
    temperature=None,
    max_tokens=1024,
    sample=2,
    revision="r1",
    extra_body={"top_k": 5, "nested": {"list": [1, None, "x"]}},
)


def test_a_request_survives_json() -> None:
    row = REQUEST.identity
    assert through_json(row) == {
        "endpoint": "http://127.0.0.1/v1",
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": HOSTILE}],
        "temperature": None,
        "max_tokens": 1024,
        "sample": 2,
        "revision": "r1",
        "extra_body": {"top_k": 5, "nested": {"list": [1, None, "x"]}},
    }
    assert through_json(row) == row, "a stored request must be equal to the same request asked again"


def test_usage_adds_up() -> None:
    assert sum([Usage(1, 2), Usage(30, 40)], Usage()) == Usage(31, 42)


def test_a_note_is_kept_once_and_in_order() -> None:
    tally = Tally()
    for text in ("b", "a", "b"):
        tally.note(text)
    assert tally.notes == ["b", "a"]


def test_two_tallies_share_nothing() -> None:
    first = Tally()
    first.note("n")
    first.answers.made += 1
    first.judges_served.append("j")
    assert Tally() == Tally(notes=[], judges_served=[])
    assert Tally().answers.made == 0


def test_categories_stand_in_the_order_of_their_first_question() -> None:
    questions = tuple(Question(n, category, ("?",)) for n, category in enumerate(["b", "a", "b", "c", "a"]))
    assert QuestionSet("s", questions, {}, Identity("", "", "")).categories == ("b", "a", "c")


def test_turns_are_selected_in_order_and_one_turn_questions_have_one() -> None:
    questions = [Question(9, "a", ("1", "2")), Question("x", "b", ("1",)), Question(1, "a", ("1", "2"))]
    assert selected_turns(questions, "s") == [("s", 9, 1), ("s", 9, 2), ("s", "x", 1), ("s", 1, 1), ("s", 1, 2)]


@pytest.mark.parametrize("question_id, label", [(111, "q111-turn2"), ("five", "qfive-turn2"), ("a b", "qa b-turn2")])
def test_a_turns_label(question_id: int | str, label: str) -> None:
    assert Question(question_id, "math", ("?",)).turn_label(2) == label


# --- a jury ---


def judged(**scores: tuple[float | None, ...]) -> Run:
    """A run that each judge judged once or more."""
    judgments = [
        Judgment(f"{judge} says {score}", score, "no rating" if score is None else None, judge)
        for judge, found in scores.items()
        for score in found
    ]
    return Run("answer", judgments=tuple(judgments))


@pytest.mark.parametrize(
    "run, score, unscored",
    [
        (judged(a=(9,), b=(5,)), 7, None),
        (judged(a=(9,), b=(5,), c=(1,)), 5, None),
        (judged(a=(9, 7), b=(4, 4)), 6, None),
        (judged(a=(9, None), b=(5, 5)), 7, None),  # each judge's own mean first, of what it rated
        (judged(a=(10, 10, None), b=(4, None, None)), 7, None),
        (judged(a=(9,), b=(None,)), None, "b: no rating"),
        (judged(a=(9,), b=(None, None)), None, "b: no rating"),
        (judged(a=(None, 8), b=(None,)), None, "b: no rating"),
        (judged(a=(None,), b=(None,)), None, "a: no rating"),
        (Run(None, failed="no answer"), None, "no answer"),
    ],
)
def test_the_score_of_a_jury_is_the_mean_of_its_judges_means(run: Run, score: float | None, unscored: str) -> None:
    assert (run.score, run.unscored) == (score, unscored)


@pytest.mark.parametrize(
    "run, differ",
    [
        (judged(a=(8,), b=(5,)), True),
        (judged(a=(7.9,), b=(5,)), False),
        (judged(a=(5,), b=(6,), c=(8,)), True),
        (judged(a=(9, 3), b=(6, 6)), False),  # the judge differs from itself
        (judged(a=(9,), b=(None,)), False),
        (Run("a", judgments=(Judgment("", 9), Judgment("", 1))), False),  # one judge, twice
    ],
)
def test_judges_differ_where_two_are_three_points_apart(run: Run, differ: bool) -> None:
    assert run.judges_differ is differ


def test_a_judge_alone_is_seen_as_a_run_of_that_judge() -> None:
    result = TurnResult(TurnKey("s", 1, 1), "math", (judged(a=(9,), b=(5,)), judged(a=(7,), b=(None,))))
    assert (result.scores, result.score, result.marks) == ((7, None), 7, 2)
    alone = result.of_judge("a")
    assert (alone.scores, alone.score, alone.marks, alone.judgment) == ((9, 7), 8, 2, "a says 9")
    assert (alone.by_judge, result.by_judge) == ({}, {"a": 8, "b": 5})
    assert result.of_judge("b").unscored == "no rating"
    assert TurnResult.from_json(through_json(result.as_json())) == result


def test_the_tallies_of_a_jury_are_joined_by_judge() -> None:
    one, other = Tally(), Tally()
    one.use("judgment", ChatReply("", served="a-1"), "a")
    one.spend("judgment", Usage(3, 4), judge="a")
    other.use("judgment", ChatReply("", served="a-1", cached=True, adapted=("system",)), "a")
    other.use("judgment", ChatReply("", served="b-1"), "b")
    other.use("answer", ChatReply(""))
    one.join(other)
    assert one.jury == {"a": JudgeTally(1, 1, Usage(3, 4), ["a-1"], moved=True), "b": JudgeTally(1, served=["b-1"])}
    assert (one.served("a"), one.served("c"), one.served("")) == (["a-1"], [], ["a-1", "b-1"])
    assert (one.judgments.made, one.judgments.cached, one.judgment_usage) == (2, 1, Usage(3, 4))
