"""The items of single turns, and what a turn says to a user's own test and to JUnit's XML."""

from __future__ import annotations

from typing import Any

import pytest

from ..domain.question import Question
from ..domain.result import NOT_JUDGED, TurnKey, TurnResult
from ..report.turn_texts import passed_text, too_low
from ..suite.resolved import ResolvedSuite
from ..untrusted.text import one_line
from .item import SuiteItem, measured, set_properties, show_texts
from .names import item_id, marker_name
from .needs import needs_key
from .options import plans_only


class TurnItem(SuiteItem):
    """One turn of one question.  Setting it up waits for its judgment, its call asserts the floor."""

    def __init__(self, *, suite: ResolvedSuite, question: Question, turn: int, **kwargs: Any) -> None:
        super().__init__(suite=suite, keys=[TurnKey(suite.id, question.id, turn)], **kwargs)
        self._question = question
        self._result: TurnResult | None = None
        for mark in turn_marks(question, turn):
            self.add_marker(mark)

    def setup(self) -> None:
        """Waits for the turn's score; a turn that cannot be measured is an error with its reason."""
        if not plans_only(self.config):
            self._result = scored_turn(self, self.suite, self.keys[0], self._question)

    def runtest(self) -> None:
        """Fails where the score is below the floor of its category."""
        floor = self.suite.floor.get(self._question.category, self.suite.floor.get("default"))
        result, questions = self._result, self.suite.plan.questions
        if floor is not None and result is not None and result.score is not None and result.score < floor:
            pytest.fail(too_low(questions, self._question, result, floor), pytrace=False)
        if result is not None:
            show_texts(self, "call", passed_text(questions, self._question, result))


def scored_turn(item: pytest.Item, suite: ResolvedSuite, key: TurnKey, question: Question | None = None) -> TurnResult:
    """Waits for a turn on behalf of an item, which fails where it has no score.

    Args:
        question: where what was said without a score is shown beside the reason.
    """
    result = measured(item, key)
    set_properties(item, turn_properties(suite, result))
    if result.unscored is not None:
        if question is not None and result.runs[0].answer is not None:
            show_texts(item, "setup", passed_text(suite.plan.questions, question, result))
        pytest.fail(f"unscored: {one_line(result.unscored)}", pytrace=False)
    return result


def answered_turn(item: pytest.Item, suite: ResolvedSuite, key: TurnKey) -> TurnResult:
    """Waits for a turn's answer on behalf of an item, which fails where there is none; asks no judge."""
    result = measured(item, key, upto="answer")
    known = turn_properties(suite, result)
    if key in item.config.stash[needs_key].surely_judged:  # another item tells the score
        known = [(name, value) for name, value in known if name != "score"]
    set_properties(item, known)
    if result.runs[0].answer is None:
        pytest.fail(f"no answer: {one_line(result.unscored or '')}", pytrace=False)
    return result


def turn_marks(question: Question, turn: int) -> list[pytest.MarkDecorator]:
    """The markers of a turn."""
    return [
        pytest.mark.mtbench(category=question.category, turn=turn, question=question.id),
        getattr(pytest.mark, marker_name(question.category)),
        getattr(pytest.mark, f"turn{turn}"),
    ]


def turn_properties(suite: ResolvedSuite, result: TurnResult) -> list[tuple[str, object]]:
    """What JUnit's XML says of a turn."""
    score = "" if result.score is None else f"{result.score:g}"
    judge = [("judge", suite.plan.judge_name)] if result.judged else []
    outcomes = ",".join(f"{game.outcome or 'unscored'} against {game.against}" for game in result.games)
    return [
        *([("outcome", item_id(outcomes))] if outcomes else []),
        ("score", score if result.judged else NOT_JUDGED),
        ("category", item_id(result.category)),
        ("turn", result.key.turn),
        *judge,
        ("cached", "false" if result.spent.replies else "true"),
        *([("cost", _usd(result.spent.cost))] if _is_priced(suite) and result.spent.cost is not None else []),
    ]


def _is_priced(suite: ResolvedSuite) -> bool:
    return any(role.price is not None for role in (suite.plan.model, *suite.plan.judges))


def _usd(cost: float) -> str:
    """USD to a millionth, which is a token of a cheap model."""
    return f"{cost:.6f}".rstrip("0").rstrip(".")
