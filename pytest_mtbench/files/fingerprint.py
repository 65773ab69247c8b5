"""What two runs must share for their scores to be comparable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..domain.chat import Kind
from ..domain.endpoint import Answerer, Role
from ..engine.plan import Plan
from ..protocol import rules
from ..protocol.prompts import JUDGE_TEMPERATURE

INSTRUCTIONS, IN_THE_USER_MESSAGE = "instructions", "in the user's message"
_WHO: dict[Kind, str] = {"answer": "model", "judgment": "judge"}


def fingerprint(plan: Plan, judges_served: list[str], moved: Collection[Kind] = ()) -> dict[str, Any]:
    """What two runs must share for their scores to be comparable.

    Args:
        judges_served: the names that the judge's endpoint called it by.
        moved: whose instructions stood in the user's message, since the endpoint takes none of their own.
    """
    identity = plan.questions.identity
    pairwise = {"against": [_answerer(other) | {"name": other.label} for other in plan.opponents]}
    compares = bool(plan.opponents) or not plan.model.name  # without a model the judge compares what is in files
    versions = {"verdict": rules.VERDICT} if compares else {"rating": rules.RATING}
    return (
        (pairwise if plan.opponents else {})
        | {
            "questions": identity.questions,
            "references": identity.references,
            "prompts": identity.prompts,
            "question_set": plan.questions.name,
            "judge_requested": plan.judge.name,
            "judge_served": judges_served[0] if len(judges_served) == 1 else judges_served,
            "judge_parameters": _parameters(plan.judge, JUDGE_TEMPERATURE) | {"repeats": plan.repeats},
            "model_parameters": _answerer(plan.model) | {"revision": plan.model.revision, "runs": plan.runs},
            "rules": versions | {"gates": rules.GATES},
        }
        | ({INSTRUCTIONS: {_WHO[kind]: IN_THE_USER_MESSAGE for kind in sorted(moved)}} if moved else {})
    )


def differences(theirs: Mapping[str, Any], plan: Plan, may_differ: Sequence[str]) -> list[tuple[str, object, object]]:
    """What differs between a report's fingerprint and this run's: name, theirs, ours.

    Args:
        may_differ: names that do not count.
    """
    ours = fingerprint(plan, [])
    return [
        (name, theirs.get(name), value)
        for name, value in ours.items()
        if name not in may_differ and theirs.get(name) != value
    ]


def _answerer(who: Answerer) -> dict[str, Any]:
    """How a model is asked; where its answers are stored, which they are."""
    if who.stored:
        return {"answers": who.stored}
    return _parameters(who, None) | {"system_prompt": who.system_prompt}


def _parameters(role: Role, default_temperature: float | None) -> dict[str, Any]:
    temperature = default_temperature if role.temperature is None else role.temperature
    deployment = role.endpoint.azure[1] if role.endpoint.azure else None
    return {
        "temperature": "by category" if temperature is None else temperature,
        "max_tokens": role.max_tokens,
        "extra_body": dict(role.extra_body),
        **({"answer_from": role.answer_from} if role.answer_from else {}),
        **({"thinking": list(role.thinking)} if role.thinking else {}),
    } | ({"deployment": deployment} if deployment else {})
