from __future__ import annotations

import json

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.vote import Comparison, Vote
from pytest_mtbench.scores.biases import Biases, biases_of
from pytest_mtbench.scores.judged import Judged

COMPARISON = Comparison(1, 1, "gpt-4", "vicuna-13b")


def test_what_was_measured_stands_under_its_name() -> None:
    found = biases_of(
        "gpt-4o",
        games=[Game("vicuna-13b", 1, ("A", "B"))],
        judged=[Judged(COMPARISON, 1.0, "longer", "short")],
        votes=[Vote(COMPARISON, "ann", 0.0)],
    )
    assert found.position is not None
    assert found.length is not None
    assert found.family is not None
    written = json.loads(json.dumps(found.as_json()))
    assert list(written) == ["position", "length", "style", "family"]
    assert (written["position"]["agree"], written["style"]) == (1, None)
    assert written["length"]["where_they_differ"]["value"] == 1.0
    assert written["family"]["difference"] == 1.0


def test_nothing_to_see_is_nothing_said() -> None:
    assert biases_of("gpt-4o") == Biases()
    assert biases_of("gpt-4o").as_json() == dict.fromkeys(["position", "length", "style", "family"])


@pytest.mark.parametrize("verdicts, share", [(None, 1.0), ({COMPARISON: 0.5}, 0.5)])
def test_people_are_compared_with_the_first_verdict_or_those_given(
    verdicts: dict[Comparison, float] | None, share: float
) -> None:
    judged = [Judged(COMPARISON, 1.0, "a", "b"), Judged(COMPARISON, 0.0, "c", "d")]
    found = biases_of("gpt-4o", judged=judged, verdicts=verdicts, votes=[Vote(COMPARISON, "ann", 0.0)]).family
    assert found is not None
    assert found.judge == share
