"""What two runs must share for their scores to be comparable."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ..domain.chat import Kind
from ..domain.endpoint import Answerer, Role
from ..domain.tally import JudgeTally
from ..engine.plan import Plan
from ..protocol import rules
from ..protocol.prompts import JUDGE_TEMPERATURE

INSTRUCTIONS, IN_THE_USER_MESSAGE = "instructions", "in the user's message"
JUDGES, JUDGES_SERVED = "judges", "judges_served"
"""Of a jury: how each judge is asked, and how it was served."""
_OF_THE_JUDGE = ("judge_requested", "judge_parameters")
_WHO: dict[Kind, str] = {"answer": "model", "judgment": "judge"}


def fingerprint(
    plan: Plan,
    judges_served: list[str],
    moved: Collection[Kind] = (),
    jury: Mapping[str, JudgeTally] | None = None,
) -> dict[str, Any]:
    """What two runs must share for their scores to be comparable.

    Args:
        judges_served: the names that the judge's endpoint called it by.
        moved: whose instructions stood in the user's message, since the endpoint takes none of their own.
        jury: how each judge of a jury was served.
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
            "edition": identity.edition,
            "judge_requested": plan.judge_name,
            "judge_served": _one_or_all(_in_order(plan, jury or {}) or judges_served),
            "judge_parameters": (_of_judge(plan.judge) if not plan.jury else {}) | {"repeats": plan.repeats},
            "model_parameters": _answerer(plan.model) | {"revision": plan.model.revision, "runs": plan.runs},
            "rules": versions | {"gates": rules.GATES},
        }
        | ({INSTRUCTIONS: {_WHO[kind]: IN_THE_USER_MESSAGE for kind in sorted(moved)}} if moved else {})
        | (_of_jury(plan, jury or {}) if plan.jury else {})
    )


def differences(theirs: Mapping[str, Any], plan: Plan, may_differ: Sequence[str]) -> list[tuple[str, object, object]]:
    """What differs between a report's fingerprint and this run's: name, theirs, ours; of mappings what differs in them.

    Args:
        may_differ: names that do not count.
    """
    ours = fingerprint(plan, [])
    judges = () if ours.get(JUDGES) == theirs.get(JUDGES) is None else (*_OF_THE_JUDGE, JUDGES)
    found = [
        (name, theirs.get(name), value)
        for name, value in ours.items()
        if name not in may_differ and name not in judges and theirs.get(name) != value
    ]
    found += _differences_of_juries(theirs, ours) if judges else []
    return [(name, *_apart(before, now)) for name, before, now in found]


def _apart(before: object, now: object) -> tuple[object, object]:
    """Two values without what they share: a name among twenty would not be found."""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        return before, now
    changed = [key for key in {**before, **now} if (key in before, before.get(key)) != (key in now, now.get(key))]
    one, other = ({key: side[key] for key in changed if key in side} for side in (before, now))
    return one, other


def _differences_of_juries(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    """What differs between the judges where one side has a jury: who judges, or else how one of them is asked.

    In which order a jury is named does not count.
    """
    before, now = (found if isinstance(found := side.get(JUDGES), dict) else {} for side in (theirs, ours))
    if set(before) != set(now):
        yield "judge_requested", theirs.get("judge_requested"), ours["judge_requested"]
        return
    for judge, parameters in now.items():
        if before[judge] != parameters:
            yield f"judge_parameters of {judge}", before[judge], parameters
    if theirs.get("judge_parameters") != ours["judge_parameters"]:
        yield "judge_parameters", theirs.get("judge_parameters"), ours["judge_parameters"]


def _of_jury(plan: Plan, jury: Mapping[str, JudgeTally]) -> dict[str, Any]:
    """How each judge of a jury is asked and, where that is known, how it was served."""
    judges = {judge.label: _of_judge(judge) | {"name": judge.name} for judge in plan.judges}
    served = {
        name: {"as": _one_or_all(part.served)} | ({INSTRUCTIONS: IN_THE_USER_MESSAGE} if part.moved else {})
        for name, part in jury.items()
        if part.served
    }
    return {JUDGES: judges} | ({JUDGES_SERVED: served} if served else {})


def _in_order(plan: Plan, jury: Mapping[str, JudgeTally]) -> list[str]:
    """How a jury was served, whichever of its judges answered first; none where there is one judge."""
    names = [name for judge in plan.judges if judge.label in jury for name in jury[judge.label].served]
    return list(dict.fromkeys(names))


def served_before(found: Mapping[str, Any], judge: str) -> tuple[frozenset[str], bool | None]:
    """How a judge of a jury was served in the run of a fingerprint, as a juror of a plan says it.

    Args:
        found: the fingerprint, which may come from anywhere.
    """
    all_served = found.get(JUDGES_SERVED)
    row = all_served.get(judge) if isinstance(all_served, dict) else None
    if not isinstance(row, dict):
        return frozenset(), None
    names = row.get("as")
    listed = names if isinstance(names, list) else [names]
    return frozenset(name for name in listed if isinstance(name, str)), INSTRUCTIONS in row


def _one_or_all(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names


def _of_judge(judge: Role) -> dict[str, Any]:
    return _parameters(judge, JUDGE_TEMPERATURE)


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
