"""Your own assertions on the model's answers, one test a turn.

    pytest test_answers.py --mtbench-model=my-model --mtbench-base-url=http://localhost:8000/v1 \
        --mtbench-judge=gpt-4o --mtbench-judge-base-url=https://api.openai.com/v1

Without `--mtbench-model` these tests are skipped.  The judge is asked about math alone, of which a score is read.
"""

from __future__ import annotations

import re

import pytest

from pytest_mtbench import MtbenchTurn


@pytest.mark.mtbench(judge=False)  # whoever reads a score here by an oversight is told, and nothing is paid
def test_no_boilerplate(mtbench_turn: MtbenchTurn) -> None:
    assert not re.search(r"as an ai (language )?model", mtbench_turn.answer, re.IGNORECASE)


@pytest.mark.mtbench(category="coding")
def test_code_comes_in_a_block(mtbench_turn: MtbenchTurn) -> None:
    assert "```" in mtbench_turn.answer


@pytest.mark.mtbench(category="math")
def test_a_right_answer_is_not_a_lecture(mtbench_turn: MtbenchTurn) -> None:
    if mtbench_turn.score >= 8:  # the judge is asked here
        assert len(mtbench_turn.answer.split()) <= 300


@pytest.mark.mtbench(category="math", turn=2, judge=True)
def test_no_follow_up_is_quite_wrong(mtbench_turn: MtbenchTurn) -> None:
    assert mtbench_turn.score >= 3, mtbench_turn.judgment
