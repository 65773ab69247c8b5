"""Agreement -> what `gate[agreement]` says.  Decides, and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from .agreement import Agreement
from .evidence import Evidence, in_percent, percent
from .gates import GateResult, Status
from .shares import Estimate
from .skill import Skill

AGREEMENT, PEOPLE = "agreement", "people"
FEWEST_QUESTIONS = 20
FEWEST_VOTES = 60
_LEVEL = 0.9
"""Of which either bound is a one-sided 95 % bound."""
_POWER = 2.49
"""Standard errors between a value and a one-sided 5 % test that sees it in 80 of 100 samples."""
_MOST_MORE = 10
"""Times the votes there are, above which nobody would gather more."""


@dataclass(frozen=True)
class AgreementRule:
    """What the judge must reach.

    Args:
        of_people: the share of a person's skill.
        min_agreement: agreement without ties, in the place of that.
        on_inconclusive: what an undecided gate counts as: a skipped test, or a failure.
    """

    of_people: float = 0.5
    min_agreement: float | None = None
    on_inconclusive: Literal["pass", "fail"] = "pass"

    @property
    def minimum(self) -> float:
        """The value that the gate's is held against."""
        return self.of_people if self.min_agreement is None else self.min_agreement


class _Decision(NamedTuple):
    status: Status
    message: str
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def figures(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"status": self.status, "value": self.value, "low": self.low, "high": self.high}


def agreement_result(
    rule: AgreementRule, evidence: Evidence, gate_id: str, members: Mapping[str, Evidence] | None = None
) -> GateResult:
    """What `gate[agreement]` says of a judge, or of a jury: its scores are what other gates rest on.

    Args:
        members: each judge of a jury, whose own figures are told beside the jury's and decide nothing.
    """
    decision = _decide(rule, evidence)
    status, message = decision.status, f"{decision.status}: {decision.message} ({evidence.made_of})"
    if status == "inconclusive" and rule.on_inconclusive == "fail":
        status, message = "failed", f"{message} (on_inconclusive: fail)"
    alone = {name: _decide(rule, one) for name, one in (members or {}).items()}
    if alone:
        message += "; each judge alone: " + ", ".join(f"{name} {_in_short(one)}" for name, one in alone.items())
    details = {"judges": [{"name": name, **one.figures} for name, one in alone.items()]} if alone else {}
    return GateResult(
        gate_id, status, decision.value, rule.minimum, f"{AGREEMENT}: {message}", AGREEMENT, decision.low,
        decision.high, evidence.n, 0, details,
    )  # fmt: skip


def _in_short(decision: _Decision) -> str:
    return decision.status if decision.value is None else f"{decision.status} ({_two(decision.value)})"


def _decide(rule: AgreementRule, evidence: Evidence) -> _Decision:
    skill = evidence.skill
    if not evidence.n:
        return _Decision("inconclusive", "nobody has said anything of what the judge ruled on")
    if not evidence.shared:
        return _Decision(
            "inconclusive",
            "no two persons have seen the same answers, so people's own agreement is not known; have a second person "
            "fill in the same sheet",
        )
    if skill is None:
        return _Decision(
            "inconclusive", f"{evidence.agreement}; skill cannot be told: two persons have seen too few of the same"
        )
    few = skill.questions < FEWEST_QUESTIONS or skill.votes < FEWEST_VOTES
    if rule.min_agreement is not None:
        return _by_agreement(rule.min_agreement, evidence, skill, few=few)
    lead = skill.lead(rule.of_people)
    (low, high), own = _bounds(lead), _bounds(skill.judge)
    status: Status = "inconclusive"
    if not few and low > 0 and own[0] > 0:
        status = "passed"
    elif not few and high < 0:
        status = "failed"
    words = _skill_in_words(rule, evidence, skill, status)
    if few:
        words += _too_few(skill, evidence.kind)
    elif status == "inconclusive" and skill.ratio is not None:
        words += _more_votes(lead, skill.votes, evidence.kind)
    return _Decision(status, words, skill.ratio, *(skill.bounds or (None, None)))


def _by_agreement(minimum: float, evidence: Evidence, skill: Skill, *, few: bool) -> _Decision:
    """The gate on agreement alone, which the judge must reach by reading."""
    share = evidence.share
    if share is None or share.low is None or share.high is None:
        return _Decision("inconclusive", f"{evidence.agreement}; too few votes without ties for an interval")
    low = _bounds(skill.judge)[0]
    said = f"95 % interval {percent(share.low)}-{percent(share.high)}, needed {percent(minimum)}"
    said = f"{evidence.agreement}; {said}"
    status: Status = "inconclusive"
    if not few and share.low >= minimum and low > 0:
        status = "passed"
    elif not few and share.high < minimum:
        status = "failed"
    if status != "failed" and low <= 0:
        said += "; whether it reads what it judges cannot be told: its skill may be 0"
    return _Decision(status, said + (_too_few(skill, evidence.kind) if few else ""), share.value, share.low, share.high)


def _too_few(skill: Skill, kind: str) -> str:
    return (
        f"; not decided below {FEWEST_QUESTIONS} questions and {FEWEST_VOTES} {kind} on what two persons have seen, "
        f"and there are {skill.questions} and {skill.votes}"
    )


def _skill_in_words(rule: AgreementRule, evidence: Evidence, skill: Skill, status: Status) -> str:
    said, needed, bounds = evidence.agreement, f"needed {rule.of_people:g}", skill.bounds
    if skill.ratio is None:
        return f"{said}; people have no skill of their own here, so nothing can be held against it"
    value = f"{_two(skill.ratio)} of a person's skill"
    if bounds is None:
        return f"{said}; {value}, with no bounds since people's own cannot be told from 0, {needed}"
    if status == "passed":
        return f"{said}; {value}, at least {_two(bounds[0])}, {needed}"
    if status == "failed":
        return f"{evidence.failing}: {value}, at most {_two(bounds[1])}, {needed}"
    return f"{said}; {value}, between {_two(bounds[0])} and {_two(bounds[1])}, {needed}"


def _more_votes(lead: Estimate, votes: int, kind: str) -> str:
    if lead.value <= 0 or not math.isfinite(lead.error):
        return ""
    more = votes * (_POWER * lead.error / lead.value) ** 2 - votes
    return f"; about {math.ceil(more):,} more {kind} would decide" if 0 < more < _MOST_MORE * votes else ""


def warnings(rule: AgreementRule, agreement: Agreement) -> Iterator[str]:
    """What makes the figures say less than they seem to."""
    models = {model for pair in agreement.ballots.pairs for model in pair}
    blind = agreement.names_only.s2
    if rule.min_agreement is not None and len(models) > 2 and blind is not None:
        yield (
            f"warning: among these {len(models)} models one who never reads and names the better one agrees with "
            f"people in {in_percent(blind)} of votes without ties; people.of_people asks for more than that"
        )


def _bounds(estimate: Estimate) -> tuple[float, float]:
    """One-sided 95 % bounds; none where there are too few questions."""
    return estimate.interval(_LEVEL) or (-math.inf, math.inf)


def _two(value: float) -> str:
    """Two decimals, never a minus before 0."""
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00")
